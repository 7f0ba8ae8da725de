/// Words for errors of the TLS library.
package enum TLSErrorText {
    /// `text`: a description as the library gives it, where the name of the reason stands between its source paths, as in
    /// `…:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …`. Nil: there is no such name.
    package static func reason(_ text: String) -> String? {
        guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return nil }
        let name = text[mark.upperBound...].prefix { $0 != " " && $0 != "]" }
        return name.lowercased().replacing("_", with: " ")
    }
}
