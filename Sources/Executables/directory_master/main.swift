import ChannelPrograms
import Glibc

// A master program that puts each message into a directory as a file: the smallest one that loses nothing. The directory is
// its argument; a file is there as a whole or not at all, and a repeated delivery replaces it.

struct WriteFailure: Error, CustomStringConvertible {
    let description = String(cString: strerror(errno))
}

func write(_ message: ChannelMessage, _ name: String, in directory: String) throws {
    let path = "\(directory)/\(name)"
    let (file, folder) = (open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC, 0o600), open(directory, O_RDONLY))
    defer { for descriptor in [file, folder] where descriptor >= 0 { close(descriptor) } }
    guard file >= 0, folder >= 0 else { throw WriteFailure() }
    var isGood = true
    try message.forEachPiece { piece in
        isGood = isGood && piece.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == piece.count
    }
    // The name has to be on the disk too before anybody is told that the message has arrived.
    guard isGood, fsync(file) == 0, rename(path + ".part", path) == 0, fsync(folder) == 0 else { throw WriteFailure() }
}

guard let directory = CommandLine.arguments.dropFirst().first else { exit(78) }
exit(
    ChannelMaster.run("directory_master") { message in
        let known = message.recipients.filter { !$0.address.hasPrefix("nobody@") }
        do {
            if !known.isEmpty { try write(message, message.id, in: directory) }
        } catch {
            return message.all { .failedTemporarily($0, "4.3.0", "\(error)") }
        }
        return message.all { recipient in
            known.contains(recipient)
                ? .delivered(recipient) : .failedPermanently(recipient, "5.1.1", "nobody is not here")
        }
    })
