/// SipHash-2-4: places of keys that a client cannot choose, the same in every process that knows the secret.
enum SipHash {
    static func hash(_ bytes: some Sequence<UInt8>, secret: (UInt64, UInt64)) -> UInt64 {
        var state = State(secret)
        var word: UInt64 = 0
        var count: UInt64 = 0
        for byte in bytes {
            word |= UInt64(byte) << (8 * (count & 7))
            count += 1
            if count & 7 == 0 {
                state.take(word)
                word = 0
            }
        }
        state.take(word | count << 56)
        return state.finish()
    }

    private struct State {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var d: UInt64

        init(_ secret: (UInt64, UInt64)) {
            a = secret.0 ^ 0x736f_6d65_7073_6575
            b = secret.1 ^ 0x646f_7261_6e64_6f6d
            c = secret.0 ^ 0x6c79_6765_6e65_7261
            d = secret.1 ^ 0x7465_6462_7974_6573
        }

        mutating func take(_ word: UInt64) {
            d ^= word
            round()
            round()
            a ^= word
        }

        mutating func finish() -> UInt64 {
            c ^= 0xff
            for _ in 0..<4 { round() }
            return a ^ b ^ c ^ d
        }

        private mutating func round() {
            a &+= b
            b = b << 13 | b >> 51
            b ^= a
            a = a << 32 | a >> 32
            c &+= d
            d = d << 16 | d >> 48
            d ^= c
            a &+= d
            d = d << 21 | d >> 43
            d ^= a
            c &+= b
            b = b << 17 | b >> 47
            b ^= c
            c = c << 32 | c >> 32
        }
    }
}
