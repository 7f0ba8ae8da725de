import ArgumentParser
import Commands

@main
enum Martlet {
    static func main() {
        MartletCommand.main()
    }
}
