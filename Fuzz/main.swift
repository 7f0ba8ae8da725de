import Glibc
import SystemCalls

// fuzz SECONDS [TARGET [CASE]]: random inputs for every parser, or for one, each target for the same share of the time.
// A case is its number: after a trap the number is printed, and `fuzz 0 TARGET CASE` runs that case alone.

func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func runCase(_ target: FuzzTarget, _ mutator: Mutator, _ number: UInt64, shows: Bool = false) {
    var generator = SeededGenerator(seed: number)
    let input = mutator.input(&generator)
    if shows { say("\(text(input).debugDescription)") }
    target.run(input)
}

/// The cases of one target for a time; gives their number.
func run(_ target: FuzzTarget, seconds: Double, from first: UInt64) -> UInt64 {
    let mutator = Mutator(samples: target.samples, words: target.words)
    let end = SystemClock.monotonicNanoseconds + Int64(seconds * 1e9)
    var number = first
    while SystemClock.monotonicNanoseconds < end {
        CurrentCase.begin(number)
        runCase(target, mutator, number)
        number += 1
    }
    alarm(0)
    return number - first
}

let arguments = CommandLine.arguments.dropFirst().map { $0 }
guard let seconds = arguments.first.flatMap(Double.init), (0...1e7).contains(seconds) else {
    say("usage: fuzz SECONDS [TARGET [CASE]]; targets: \(FuzzTarget.all.map { $0.name }.joined(separator: " "))")
    exit(64)
}
let targets = FuzzTarget.all.filter { arguments.count < 2 || $0.name == arguments[1] }
CurrentCase.watch()
if arguments.count > 2, let number = UInt64(arguments[2]), let target = targets.first {
    runCase(target, Mutator(samples: target.samples, words: target.words), number, shows: true)
    exit(0)
}
let first = UInt64(SystemClock.wallSeconds) << 24
for target in targets {
    CurrentCase.enter(target.name)
    let cases = run(target, seconds: seconds / Double(targets.count), from: first)
    say("\(target.name): \(cases) cases in \(Int(seconds / Double(targets.count))) s, no finding")
}
