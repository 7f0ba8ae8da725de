import Commands

@main
enum Martlet {
    static func main() {
        MartletCommand.runCommandLine()
    }
}
