/// The inverses of many elements by one inversion and three products each (Montgomery's trick).
struct SharedInversion {
    private let w: Workspace
    private let row: FieldRow
    private let product: Fp
    private let inverse: Fp
    private let element: Fp
    private var count = 0

    /// For at most so many elements, none of them 0. Takes three elements of the workspace.
    init(_ w: Workspace, limit: Int) {
        self.w = w
        // Each element, and the product of those before it
        row = FieldRow(w.field, count: 2 * limit)
        (product, inverse, element) = (w.element(), w.element(), w.element())
        w.setOne(product)
    }

    mutating func append(_ a: Fp) {
        w.store(a, row, 2 * count)
        w.store(product, row, 2 * count + 1)
        w.mul(product, product, a)
        count += 1
    }

    /// Shows the inverse of each element, by the order of `append`, from the last to the first.
    func invertAll(_ body: (_ index: Int, _ inverse: Fp) -> Void) {
        w.invert(product, product)
        for index in (0..<count).reversed() {
            w.load(inverse, row, 2 * index + 1)
            w.mul(inverse, inverse, product)
            w.load(element, row, 2 * index)
            w.mul(product, product, element)
            body(index, inverse)
        }
    }
}
