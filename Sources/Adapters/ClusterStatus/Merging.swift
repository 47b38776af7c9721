extension ClusterStatus {
    /// What several processes say, as one: who speaks of himself is believed before others, and the partitions are those of the first
    /// who knows them. None of nothing.
    public init?(merging statuses: [ClusterStatus]) {
        guard let first = statuses.first else { return nil }
        var members: [MemberStatus] = []
        let own = statuses.compactMap { status in status.members.first { $0.id == status.by } }
        for member in own + statuses.flatMap(\.members) where !members.contains(where: { $0.id == member.id }) {
            members.append(member)
        }
        let knowing = statuses.first { !$0.partitions.isEmpty } ?? first
        self.init(
            atMs: statuses.map(\.atMs).max() ?? first.atMs, by: knowing.by, members: members,
            partitions: knowing.partitions,
            totals: Self.totals(of: members, knowing.partitions), history: knowing.history,
            faults: Array(Set(statuses.flatMap(\.faults))).sorted())
    }
}
