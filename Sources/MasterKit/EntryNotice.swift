/// What a master program is to do about the sender of an entry besides trying it.
package enum EntryNotice: Hashable, Sendable {
    case none
    /// Warn the sender if this attempt fails too. The number counts the values of `notices` reached, from 1.
    case delayWarning(Int)
    /// Do not try: return the message, it is too old.
    case timedOut
    /// Do not try: return the message, an operator said so.
    case returned
}
