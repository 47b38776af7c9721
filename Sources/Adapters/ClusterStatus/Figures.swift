import Observability

extension Figure {
    /// What the page, `poste top` and `/status.json` tell of a process.
    public static let cluster: [Figure] = [
        .rate("exchanges_per_s", "poste_exchange_messages_total", ["outcome": "r_message_2"]),
        .rate("refused_exchanges_per_s", "poste_exchange_messages_total", ["outcome": "refused"]),
        .rate("deposits_per_s", "poste_deposits_total", ["outcome": "stored"]),
        .rate("failed_deposits_per_s", "poste_deposits_total", ["outcome": "failed"]),
        .rate("deposit_octets_per_s", "poste_deposit_octets_total"),
        .rate("deliveries_per_s", "poste_deliveries_total", ["outcome": "sent"]),
        .rate("answers_per_s", "poste_answers_total"),
        .rate("folded_per_s", "poste_folded_records_total"),
        .rate("pushes_per_s", "poste_pushes_total"),
        .rate("presence_per_s", "poste_folded_records_total", ["kind": "open"]),
        .rate("expired_per_s", "poste_folded_records_total", ["kind": "expired"]),
        .rate("shed_per_s", "poste_pool_shed_total"),
        .rate("errors_per_s", "poste_log_events_total", ["level": "error"]),
        .rate("keys_per_s", "poste_kms_keys_issued_total"),
        .rate("cpu", "process_cpu_seconds_total"),
        .level("memory_octets", "process_resident_memory_bytes"),
        .level("streams", "poste_streams"),
        .level("waiting_work", "poste_pool_waiting"),
        .level("pushers", "poste_pushers"),
        .level("pending", "poste_partition_pending"),
        .level("lag", "poste_partition_lag_records"),
        .level("dead_letters", "poste_dead_letters_total"),
        .level("contents_lost", "poste_contents_lost_total"),
        .level("errors", "poste_log_events_total", ["level": "error"]),
        .level("warnings", "poste_log_events_total", ["level": "warning"]),
        .quantiles("commit", "poste_deposit_commit_seconds"),
        .quantiles("push_wait", "poste_push_wait_seconds"),
        .quantiles("catch_up", "poste_catch_up_seconds"),
        .quantiles("answer", "poste_answer_seconds"),
        .quantiles("crypto", "poste_crypto_seconds"),
        .quantiles("call", "poste_rpc_seconds"),
    ]
}
