import Glibc
package import SystemCalls

/// A mailbox as a Maildir: a message is written to `tmp/`, synced, renamed into `new/`, and the directory is synced.
/// Success means that the message survives a power cut.
package struct Maildir: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// Creates the mailbox; no error when it is there. `tmp` comes last, so that where it is, all of it is.
    package func create() throws(SystemCallError) {
        for part in ["cur", "new", "tmp"] { try Files.createDirectory("\(path)/\(part)") }
        // The mailbox, its domain and the root of the store may all be new.
        var directory = path
        for _ in 0..<4 {
            try Files.synchronizeDirectory(directory)
            directory = Files.parent(of: directory)
        }
    }

    /// A message on its way into the mailbox.
    package struct Delivery: ~Copyable {
        private let file: OwnedDescriptor
        private let temporary: String
        private let final: String
        private let directory: String
        private var lineEnds = LineEndConversion()

        fileprivate init(_ maildir: Maildir, name: String) throws(SystemCallError) {
            // Two processes may have the same copy in hand for a moment: each writes a file of its own.
            temporary = "\(maildir.path)/tmp/\(getpid())_\(name)"
            final = "\(maildir.path)/new/\(name)"
            directory = "\(maildir.path)/new"
            file = try OwnedDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        }

        /// Appends octets of the message; CRLF becomes the LF that mailboxes on this system have.
        package mutating func append(_ bytes: [UInt8]) throws(SystemCallError) {
            let failure = write(lineEnds.convert(bytes))
            if let failure {
                unlink(temporary)
                throw failure
            }
        }

        private func write(_ bytes: [UInt8]) -> SystemCallError? {
            bytes.withUnsafeBytes { bytes in
                do throws(SystemCallError) {
                    try Files.writeAll(file.number, bytes, temporary)
                    return nil
                } catch {
                    return error
                }
            }
        }

        /// The message is in the mailbox, for good, when this returns.
        package consuming func finish() throws(SystemCallError) {
            do throws(SystemCallError) {
                if let failure = write(lineEnds.rest) { throw failure }
                try checked("fsync", temporary) { fsync(file.number) }
                try checked("rename", final) { rename(temporary, final) }
                try Files.synchronizeDirectory(directory)
            } catch {
                unlink(temporary)
                throw error
            }
        }

        /// Gives the message up.
        package consuming func abandon() { unlink(temporary) }
    }

    /// Begins to deliver a message. `name` is the same for every attempt of one copy, so that an attempt which is repeated
    /// after a crash replaces its message instead of adding it again.
    package func deliver(name: String) throws(SystemCallError) -> Delivery {
        do throws(SystemCallError) {
            return try Delivery(self, name: name)
        } catch {
            guard error.code == ENOENT else { throw error }
            try create()
            return try Delivery(self, name: name)
        }
    }
}

/// CRLF to LF, over chunks of any size; a CR alone stays.
struct LineEndConversion: Sendable {
    private var endsInCarriageReturn = false

    /// What is still to be written at the end: a CR that nothing followed.
    var rest: [UInt8] { endsInCarriageReturn ? [UInt8(ascii: "\r")] : [] }

    mutating func convert(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 1)
        var index = bytes.startIndex
        if endsInCarriageReturn, let first = bytes.first {
            endsInCarriageReturn = false
            if first != UInt8(ascii: "\n") { output.append(UInt8(ascii: "\r")) }
        }
        while index < bytes.endIndex {
            guard let found = bytes[index...].firstIndex(of: UInt8(ascii: "\r")) else {
                output += bytes[index...]
                break
            }
            output += bytes[index..<found]
            let next = found + 1
            if next == bytes.endIndex {
                endsInCarriageReturn = true
            } else if bytes[next] != UInt8(ascii: "\n") {
                output.append(UInt8(ascii: "\r"))
            }
            index = next
        }
        return output
    }
}
