// The rows of server/state as plain values.

#ifndef SOTTO_SERVER_STATE_RECORDS_H_
#define SOTTO_SERVER_STATE_RECORDS_H_

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sotto::server {

struct DeviceRecord {
  Bytes device_id = {};  // 16 bytes
  std::string population = {};
  Bytes certificate = {};
  std::uint32_t kem_id = 0;
  Bytes kem_key = {};
  std::string attributes_json = "{}";
  std::string sdk_version = {};
  std::int64_t last_seen_ms = 0;
  bool revoked = false;
};

struct TaskRecord {
  std::string name = {};
  std::string population = {};
  Bytes request = {};  // serialized CreateTaskRequest, without the weights
  Bytes plan = {};     // the plan target as published
  std::string state = "running";  // running, done, stopped, out_of_budget
  std::int64_t created_ms = 0;
};

// The global weights after `round`; round 0 is the initial model.
struct ModelRecord {
  std::string task = {};
  std::uint64_t round = 0;
  Bytes weights = {};  // raw little-endian f32
  Bytes velocity =
      {};           // of the server's momentum; empty before the first round
  Bytes hash = {};  // SHA-256 of weights
  Bytes container_digest = {};
  std::uint64_t container_bytes = 0;
};

struct RoundRecord {
  Bytes round_id = {};  // 16 bytes
  std::string task = {};
  std::uint64_t round = 0;
  std::string state = "open";
  Bytes model_hash = {};           // of the model the round starts from
  Bytes previous_model_hash = {};  // that of round - 1; empty in the first
  std::int64_t opened_ms = 0;
  std::int64_t ended_ms = 0;  // 0 while open
  Bytes status = {};          // serialized RoundStatus of an ended round
};

struct JournalEntry {
  Bytes round_id = {};
  std::string state = {};  // of the round once this is written
  std::string kind = {};   // "state", "message", "inputs" or "snapshot"
  std::string step = {};   // of a message: which
  Bytes device_id = {};    // of a message: whose
  Bytes body = {};
  std::int64_t at_ms = 0;
  std::int64_t seq = 0;  // assigned by the store
};

struct ParticipationRecord {
  std::uint64_t count = 0;
  std::uint64_t last_round = 0;
};

// One unmasked sum in the privacy ledger of a population and model family.
struct SpendingRecord {
  std::string population = {};
  std::string model = {};
  std::string task = {};
  std::uint64_t round = 0;
  std::uint32_t min_separation = 0;      // participation limits of the task
  std::uint32_t max_participations = 0;  // 0: unlimited
  Bytes release = {};  // serialized NoisyRelease; empty: without noise
};

// A round of a banded matrix (privacy/noise/banded_release.h), little-endian.
struct NoiseRowRecord {
  std::string task = {};
  std::uint64_t round = 0;
  Bytes sum = {};      // i32
  Bytes release = {};  // f64
};

struct EscrowRecord {
  Bytes sealed_key = {};
  std::string population = {};
};

struct ReportRecord {
  Bytes report_id = {};
  Bytes device_id = {};
  std::string model = {};
  std::uint64_t seq = 0;
  std::string arm = {};  // as the server computed it
  std::uint64_t release = 0;
  std::uint64_t model_bytes = 0;
  std::int64_t at_ms = 0;
  Bytes body = {};  // serialized ReportRequest
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_STATE_RECORDS_H_
