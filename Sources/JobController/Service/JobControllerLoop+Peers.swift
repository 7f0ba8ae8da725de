import Glibc
import MasterKit
import ProcessPool
import Spool
import SystemCalls

/// Connections on the Job Controller's socket.
extension JobControllerLoop {
    private static var mostPeers: Int { 4000 }

    func acceptPeers() {
        while case .connection(let number, _) = Sockets.accept(listener.number) {
            let socket = OwnedDescriptor(owning: number)
            guard let credentials = try? Sockets.peerCredentials(socket.number),
                credentials.user == 0 || credentials.user == geteuid(), peers.count < Self.mostPeers
            else {
                log.write("a connection of another user was refused")
                continue
            }
            let id = newNumber()
            let peer = Peer(ControlSocket(owning: socket))
            guard (try? poller.add(peer.control.descriptor, token: Self.token(.peer, id))) != nil else { continue }
            peers[id] = peer
        }
    }

    func receive(fromPeer number: UInt32) {
        guard let peer = peers[number] else { return }
        do throws(ControlSocket.Failure) {
            try peer.control.flush()
            for _ in 0..<64 {
                guard let incoming = try peer.control.receive() else { return }
                take(incoming.message, from: peer, number)
                // It may just have been cut off.
                guard peers[number] != nil else { return }
            }
        } catch {
            if error != .closed { log.write("error: a peer is cut off: \(error)") }
            closePeer(number)
        }
    }

    private func take(_ message: ControlMessage, from peer: Peer, _ number: UInt32) {
        switch message.type {
        case .notice:
            peer.hasWritten = true
            for facts in message.groups.compactMap({ NoticeMessages.read($0) }) { take(store.known(facts)) }
        case .upTo:
            peer.hasWritten = true
            for place in message.groups.compactMap({ NoticeMessages.readUpTo($0) }) {
                take(store.readUpTo(place.segment, place.end))
            }
        case .keep: adopt(EntryList.keys(in: message), peer, number)
        case .outcome, .release:
            if peer.job == nil { adopt([], peer, number) }
            if let party = peer.job.flatMap({ parties[$0] }) { take(message, from: party) }
        default: break
        }
    }

    /// A process of a former Job Controller says what it still has.
    private func adopt(_ keys: [QueueEntryKey], _ peer: Peer, _ number: UInt32) {
        let job = schedule.adopt(peer.job, holding: keys, now: now)
        let party = parties[job] ?? WorkParty(job: job, peer: number)
        parties[job] = party
        peer.job = job
        for key in schedule.keysInHand(of: job) where party.inHand.insert(key).inserted { _ = store.pin(key) }
        log.write("a process of the former Job Controller has \(party.inHand.count) entries in hand")
    }

    func closePeer(_ number: UInt32) {
        guard let peer = peers.removeValue(forKey: number) else { return }
        poller.remove(peer.control.descriptor)
        if let party = peer.job.flatMap({ parties[$0] }) { forget(party) }
        // The writer's lock goes with its process, perhaps a little later than its connection.
        if peer.hasWritten { adoptAt = min(adoptAt, now + 500) }
    }
}
