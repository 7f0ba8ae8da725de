/// How the product names itself in banners and trace fields (smtp specification, 2).
package enum ProductVersion {
    package static let number = "0.1.0"
    package static let buildDate = "Nov 22 2026"

    /// `<Product> Messaging Server <version> 64bit (built Mon DD YYYY)`.
    package static let text = "Martlet Messaging Server \(number) 64bit (built \(buildDate))"
}
