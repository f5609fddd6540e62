// The SQLite schema of the coordinator's state.

#ifndef SOTTO_SERVER_STATE_SCHEMA_H_
#define SOTTO_SERVER_STATE_SCHEMA_H_

namespace sotto::server {

inline constexpr int kSchemaVersion = 4;

// Since version 2. One row a sum: a second one cannot be written.
inline constexpr char kSpendingTable[] = R"sql(
CREATE TABLE spending (
  population TEXT NOT NULL, model TEXT NOT NULL, task TEXT NOT NULL,
  round INTEGER NOT NULL, min_separation INTEGER NOT NULL,
  max_participations INTEGER NOT NULL, release BLOB NOT NULL,
  PRIMARY KEY (population, model, task, round));
)sql";

// Since version 3: of tasks whose noise the coordinator adds.
inline constexpr char kNoiseSeedTable[] = R"sql(
CREATE TABLE noise_seeds (
  task TEXT PRIMARY KEY, seed BLOB NOT NULL) WITHOUT ROWID;
)sql";

// Since version 4: the last rows of tasks whose noise is of a banded matrix.
inline constexpr char kNoiseRowTable[] = R"sql(
CREATE TABLE noise_rows (
  task TEXT NOT NULL, round INTEGER NOT NULL, sum BLOB NOT NULL,
  release BLOB NOT NULL, PRIMARY KEY (task, round));
)sql";

inline constexpr char kSchema[] = R"sql(
CREATE TABLE devices (
  device_id BLOB PRIMARY KEY, population TEXT NOT NULL,
  certificate BLOB NOT NULL, kem_id INTEGER NOT NULL, kem_key BLOB NOT NULL,
  attributes TEXT NOT NULL, sdk_version TEXT NOT NULL,
  last_seen_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE revocations (
  device_id BLOB PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY, device_id BLOB NOT NULL,
  expires_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_by_device ON sessions (device_id);

CREATE TABLE tasks (
  name TEXT PRIMARY KEY, population TEXT NOT NULL, request BLOB NOT NULL,
  plan BLOB NOT NULL, state TEXT NOT NULL, created_ms INTEGER NOT NULL);
CREATE TABLE models (
  task TEXT NOT NULL, round INTEGER NOT NULL, weights BLOB NOT NULL,
  velocity BLOB NOT NULL, hash BLOB NOT NULL, container_digest BLOB NOT NULL,
  container_bytes INTEGER NOT NULL, PRIMARY KEY (task, round));
CREATE TABLE rounds (
  round_id BLOB PRIMARY KEY, task TEXT NOT NULL, round INTEGER NOT NULL,
  state TEXT NOT NULL, model_hash BLOB NOT NULL,
  previous_model_hash BLOB NOT NULL, opened_ms INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL, status BLOB NOT NULL, UNIQUE (task, round));
-- One row a device and round: a second one cannot be written.
CREATE TABLE contributions (
  task TEXT NOT NULL, round INTEGER NOT NULL, device_id BLOB NOT NULL,
  round_id BLOB NOT NULL, PRIMARY KEY (task, round, device_id));
CREATE INDEX contributions_by_device ON contributions (task, device_id);
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, round_id BLOB NOT NULL,
  state TEXT NOT NULL, kind TEXT NOT NULL, step TEXT NOT NULL,
  device_id BLOB NOT NULL, body BLOB NOT NULL, at_ms INTEGER NOT NULL);
CREATE INDEX journal_by_round ON journal (round_id, seq);

CREATE TABLE escrow (
  container_digest BLOB PRIMARY KEY, sealed_key BLOB NOT NULL,
  population TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reports (
  report_id BLOB PRIMARY KEY, device_id BLOB NOT NULL, model TEXT NOT NULL,
  seq INTEGER NOT NULL, arm TEXT NOT NULL, release INTEGER NOT NULL,
  model_bytes INTEGER NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX reports_by_model ON reports (model, seq);
CREATE TABLE rollouts (model TEXT PRIMARY KEY, state BLOB NOT NULL);
)sql";

}  // namespace sotto::server

#endif  // SOTTO_SERVER_STATE_SCHEMA_H_
