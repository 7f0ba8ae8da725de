package import OptionSyntax

/// A call of a site routine, `$[image,routine,argument]`, all substitutions done.
package struct MappingCallout: Hashable, Sendable {
    /// As written: a path or symbolic name of the image.
    package var image: String
    /// The routine in the image.
    package var routine: String
    /// Everything behind the second comma.
    package var argument: String
    /// The input flags of the probe; a routine that counts looks for `A` here (dispatcher specification, section 9.5).
    package var flags: MappingFlags

    package init(image: String, routine: String, argument: String, flags: MappingFlags = "") {
        self.image = image
        self.routine = routine
        self.argument = argument
        self.flags = flags
    }

    /// The file name of the image without directories or symbolic root, for example `conn_throttle.so`.
    package var imageName: Substring {
        image.lastIndex { $0 == "/" || $0 == ":" }.map { image[image.index(after: $0)...] } ?? image[...]
    }
}

/// What a directory, reached by an LDAP URL, answered.
package enum DirectoryAnswer: Hashable, Sendable {
    case value(String)
    case missing
    /// The directory could not be asked: a temporary failure.
    case unavailable
}

/// Everything a mapping template can reach outside its own table. What is not supplied fails the entry that asks
/// for it.
package struct MappingContext: Sendable {
    /// A number from 0 to 99 for `$?x?`.
    package var randomPercent: @Sendable () -> Int
    /// Looks a key up in the general database (`general.txt` in its text form).
    package var generalDatabase: @Sendable (String) -> String?
    /// Runs a routine; nil means it reported failure or is not known. The text returned is read as template text:
    /// flags and fields in it count, so a routine must write `$$` for a `$` that came from outside.
    package var callout: @Sendable (MappingCallout) -> String?
    /// Resolves an LDAP URL, `$]url[`.
    package var directory: @Sendable (_ url: String) -> DirectoryAnswer
    /// An attribute of a domain's directory entry, `$}domain,attribute{`; `_base_dn_`, `_domain_dn_`,
    /// `_domain_name_` and `_canonical_name_` included.
    package var domainAttribute: @Sendable (_ domain: String, _ attribute: String) -> String?
    /// Increments the number in a sequence file under an exclusive lock, modulo `modulus` when given, and returns it.
    package var nextSequenceNumber: @Sendable (_ file: String, _ modulus: UInt64?) -> UInt64?
    /// Told when a pattern with back matches had to be given up; the caller decides how often to say so.
    package var matchGivenUp: @Sendable (SourceLocation) -> Void

    package init(
        randomPercent: @escaping @Sendable () -> Int = { Int.random(in: 0..<100) },
        generalDatabase: @escaping @Sendable (String) -> String? = { _ in nil },
        callout: @escaping @Sendable (MappingCallout) -> String? = { _ in nil },
        directory: @escaping @Sendable (String) -> DirectoryAnswer = { _ in .missing },
        domainAttribute: @escaping @Sendable (String, String) -> String? = { _, _ in nil },
        nextSequenceNumber: @escaping @Sendable (String, UInt64?) -> UInt64? = { _, _ in nil },
        matchGivenUp: @escaping @Sendable (SourceLocation) -> Void = { _ in }
    ) {
        self.randomPercent = randomPercent
        self.generalDatabase = generalDatabase
        self.callout = callout
        self.directory = directory
        self.domainAttribute = domainAttribute
        self.nextSequenceNumber = nextSequenceNumber
        self.matchGivenUp = matchGivenUp
    }
}
