/// The line a x + b y + c of a step of Miller's algorithm, up to a factor in F_p, which the final exponentiation removes.
struct Line {
    let a: Fp
    let b: Fp
    let c: Fp
}

/// The walk from A to [q]A of Miller's algorithm (RFC 5091 3.5.2), with the line of each step: the tangents (3.4.2) and the
/// chords (3.4.3), without their evaluation. Coordinates are homogeneous, (X / Z, Y / Z), which makes the lines nearly free.
struct MillerWalk {
    private let w: Workspace
    private let t: [Fp]
    private let x: Fp
    private let y: Fp
    private let minusY: Fp
    private let v: ProjectivePoint
    private let start: ProjectivePoint
    private let line: Line
    private let digits: [Int8]

    /// Takes 20 elements of the workspace. A has order q; it may be secret, for the path depends on q alone.
    init(_ w: Workspace, _ a: CurvePoint) {
        self.w = w
        digits = a.curve.orderDigits
        t = (0..<8).map { _ in w.element() }
        (x, y) = a.load(into: w)
        minusY = w.element()
        w.neg(minusY, y)
        v = ProjectivePoint(x: w.element(), y: w.element(), z: w.element())
        start = ProjectivePoint(x: w.element(), y: w.element(), z: w.element())
        line = Line(a: w.element(), b: w.element(), c: w.element())
    }

    /// A step of the walk.
    enum Step {
        /// f is squared and takes the tangent.
        case tangent
        /// f takes the chord.
        case chord
    }

    /// The steps for an order with these digits. The last addition is of opposite points: its line is vertical, and vanishes.
    static func steps(_ digits: [Int8]) -> [Step] {
        digits.indices.dropLast().reversed().flatMap { index -> [Step] in
            index > 0 && digits[index] != 0 ? [.tangent, .chord] : [.tangent]
        }
    }

    /// Walks, and shows for each step the point that it starts at, whose line it is, and that line; both valid until the next.
    func callAsFunction(_ body: (ProjectivePoint, Step, Line) -> Void) {
        w.copy(v.x, x)
        w.copy(v.y, y)
        w.setOne(v.z)
        for index in digits.indices.dropLast().reversed() {
            copyStart()
            double()
            body(start, .tangent, line)
            guard index > 0, digits[index] != 0 else { continue }
            copyStart()
            add(digits[index] == 1 ? y : minusY)
            body(start, .chord, line)
        }
    }

    private func copyStart() {
        w.copy(start.x, v.x)
        w.copy(start.y, v.y)
        w.copy(start.z, v.z)
    }

    /// v = 2 v, and the tangent 2 Y Z y - 3 X^2 x + Y^2 - 3 Z^2
    /// (Costello, Lange, Naehrig, "Faster pairing computations on curves with high-degree twists", b = 1).
    private func double() {
        let (xx, yy, d, e, f, g) = (t[0], t[1], t[2], t[3], t[4], t[5])
        w.sqr(xx, v.x)
        w.sqr(yy, v.y)
        w.sqr(g, v.z)
        w.add(e, v.x, v.y)
        w.sqr(e, e)
        w.sub(e, e, xx)
        w.sub(e, e, yy)  // 2 X Y
        w.add(f, v.y, v.z)
        w.sqr(f, f)
        w.sub(f, f, yy)
        w.sub(f, f, g)  // 2 Y Z
        w.triple(d, g)  // 3 Z^2
        w.copy(line.b, f)
        w.triple(line.a, xx)
        w.neg(line.a, line.a)
        w.sub(line.c, yy, d)
        w.triple(g, d)  // 9 Z^2
        w.sub(v.x, yy, g)
        w.mul(v.x, v.x, e)
        w.add(v.y, yy, g)
        w.sqr(v.y, v.y)
        w.sqr(d, d)
        w.triple(e, d)
        w.double(e, e)
        w.double(e, e)
        w.sub(v.y, v.y, e)
        w.mul(v.z, yy, f)
        w.double(v.z, v.z)
        w.double(v.z, v.z)
    }

    /// v = v + (x, y'), neither equal nor opposite, and the chord lambda y - theta x + theta x_A - lambda y_A.
    private func add(_ y: Fp) {
        let (theta, lambda, square, cube, g, h) = (t[0], t[1], t[2], t[3], t[4], t[5])
        w.mul(theta, y, v.z)
        w.sub(theta, v.y, theta)
        w.mul(lambda, x, v.z)
        w.sub(lambda, v.x, lambda)
        w.copy(line.b, lambda)
        w.neg(line.a, theta)
        w.mul(line.c, theta, x)
        w.mul(h, lambda, y)
        w.sub(line.c, line.c, h)
        w.sqr(square, lambda)
        w.mul(cube, square, lambda)
        w.mul(g, v.x, square)
        w.sqr(h, theta)
        w.mul(h, h, v.z)
        w.add(h, h, cube)
        w.sub(h, h, g)
        w.sub(h, h, g)
        w.mul(v.x, lambda, h)
        w.sub(g, g, h)
        w.mul(g, g, theta)
        w.mul(h, cube, v.y)
        w.sub(v.y, g, h)
        w.mul(v.z, v.z, cube)
    }
}
