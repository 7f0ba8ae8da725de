/// What the commands call the product.
enum Product {
    static let version = "0.1.0"
}
