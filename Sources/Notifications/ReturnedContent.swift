/// The content of the message that a notification is about, to be read from any offset.
package struct ReturnedContent: Sendable {
    /// Octets.
    package var size: Int
    /// Up to `maximum` octets from `offset` on; empty at the end.
    package var read: @Sendable (_ offset: Int, _ maximum: Int) throws -> [UInt8]

    package init(size: Int, read: @escaping @Sendable (_ offset: Int, _ maximum: Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    package init(_ bytes: [UInt8]) {
        self.init(size: bytes.count) { offset, maximum in
            offset < bytes.count ? Array(bytes[offset..<min(bytes.count, offset + maximum)]) : []
        }
    }

    /// The first `limit` octets, or all when there are fewer, in as many reads as it takes.
    func beginning(_ limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit, case let chunk = try read(bytes.count, limit - bytes.count), !chunk.isEmpty {
            bytes += chunk
        }
        return bytes
    }
}
