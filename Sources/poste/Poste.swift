@main struct Poste { static func main() {} }
