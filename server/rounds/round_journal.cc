// What Round writes to its journal and reads from it.

#include <algorithm>

#include "base/codec.h"
#include "base/status.h"
#include "server/rounds/round.h"
#include "server/rounds/round_state.h"

namespace sotto::server {
namespace {

constexpr char kSnapshotTag[] = "sotto/round-snapshot/v1";
constexpr char kInputsTag[] = "sotto/round-inputs/v2";

}  // namespace

absl::StatusOr<std::unique_ptr<Round>> Round::Open(Parts parts,
                                                   const TaskSettings& task,
                                                   RoundRecord record,
                                                   std::uint32_t length) {
  std::unique_ptr<Round> round(
      new Round(parts, task, std::move(record), length));
  SOTTO_ASSIGN_OR_RETURN(round->session_,
                         parts.factory.Create(task, round->record_, length));
  round->phase_since_ms_ = parts.clock.NowMillis();
  SOTTO_RETURN_IF_ERROR(round->Write(
      {.round_id = round->record_.round_id, .state = kOpen, .kind = "state"},
      nullptr));
  return round;
}

absl::StatusOr<std::unique_ptr<Round>> Round::Recover(Parts parts,
                                                      const TaskSettings& task,
                                                      RoundRecord record,
                                                      std::uint32_t length) {
  std::unique_ptr<Round> round(
      new Round(parts, task, std::move(record), length));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<JournalEntry> entries,
                         parts.journal.Read(round->record_.round_id));
  SOTTO_RETURN_IF_ERROR(
      Annotate(round->Replay(entries),
               absl::StrFormat("journal of task '%s' round %d",
                               task.request.task(), round->record_.round)));
  // Laggards get a whole step again: the time the coordinator was away is not
  // theirs.
  round->phase_since_ms_ = parts.clock.NowMillis();
  return round;
}

absl::Status Round::Replay(const std::vector<JournalEntry>& entries) {
  const JournalEntry *snapshot = nullptr, *inputs = nullptr;
  for (const JournalEntry& entry : entries) {
    if (entry.kind == "snapshot") snapshot = &entry;
    if (entry.kind == "inputs") inputs = &entry;
  }
  if (snapshot == nullptr) {
    SOTTO_ASSIGN_OR_RETURN(session_,
                           parts_.factory.Create(task_, record_, length_));
  } else {
    Decoder decoder(snapshot->body);
    SOTTO_RETURN_IF_ERROR(decoder.Tag(kSnapshotTag));
    SOTTO_ASSIGN_OR_RETURN(const ByteView log, decoder.Octets("log"));
    SOTTO_ASSIGN_OR_RETURN(const ByteView session, decoder.Octets("session"));
    SOTTO_ASSIGN_OR_RETURN(log_, RoundLog::Decode(log));
    SOTTO_ASSIGN_OR_RETURN(session_, parts_.factory.Restore(task_, session));
  }
  if (inputs != nullptr) {
    Decoder decoder(inputs->body);
    SOTTO_RETURN_IF_ERROR(decoder.Tag(kInputsTag));
    SOTTO_ASSIGN_OR_RETURN(const std::uint64_t up, decoder.U64("bytes_up"));
    SOTTO_ASSIGN_OR_RETURN(const std::uint64_t down, decoder.U64("bytes_down"));
    SOTTO_ASSIGN_OR_RETURN(const ByteView sums, decoder.Octets("inputs"));
    SOTTO_RETURN_IF_ERROR(session_->RestoreInputs(sums));
    log_.CountUp(up - std::min(up, log_.bytes_up()));
    log_.CountDown(down - std::min(down, log_.bytes_down()));
    MarkInputs();
  }
  // Those before a snapshot or inputs are gone with what these replaced.
  for (const JournalEntry& entry : entries) {
    if (entry.kind != "message") continue;
    v1::StepRequest request;
    if (!request.ParseFromArray(entry.body.data(),
                                static_cast<int>(entry.body.size()))) {
      return absl::DataLossError(
          absl::StrFormat("entry %d is not a message", entry.seq));
    }
    // With the time it was accepted at: a certificate may have expired since.
    const UnixTime at{std::chrono::milliseconds(entry.at_ms)};
    const absl::Status received = Receive(entry.device_id, request, at);
    if (!received.ok()) {
      return absl::DataLossError(
          absl::StrFormat("entry %d does not replay: %s", entry.seq,
                          std::string(received.message())));
    }
    log_.MarkOnce(entry.device_id,
                  request.has_complaint() ? '!' : LetterOf(session_->phase()));
  }
  return absl::OkStatus();
}

// What the log's paths can know of the open phase without the log.
void Round::MarkInputs() {
  for (const secure_agg::MemberStatus& member : session_->Members()) {
    const Bytes id(member.device_id.begin(), member.device_id.end());
    if (session_->HasAnswered(member.device_id)) {
      log_.Mark(id, '+');
      log_.Mark(id, '^');
    }
    if (member.dropped && member.dropped_in == secure_agg::Phase::kInputs) {
      log_.Mark(id, '!');
    }
  }
}

absl::Status Round::Write(JournalEntry entry,
                          const std::function<absl::Status()>& also) {
  record_.state = entry.state;
  const absl::Status status =
      parts_.journal.Write(std::move(entry), [&]() -> absl::Status {
        SOTTO_RETURN_IF_ERROR(parts_.store.PutRound(record_));
        return also == nullptr ? absl::OkStatus() : also();
      });
  // Memory and journal differ now; the keeper recovers from the journal.
  if (!status.ok()) broken_ = true;
  return status;
}

absl::Status Round::WriteMessage(const Bytes& device_id,
                                 const v1::StepRequest& request) {
  return Write({.round_id = record_.round_id,
                .state = StateOf(session_->phase()),
                .kind = "message",
                .step = secure_agg::PhaseName(session_->phase()),
                .device_id = device_id,
                .body = ToBytes(request.SerializeAsString())},
               nullptr);
}

absl::Status Round::WriteSnapshot(const std::string& step,
                                  const std::function<absl::Status()>& also) {
  return Write({.round_id = record_.round_id,
                .state = StateOf(session_->phase()),
                .kind = "snapshot",
                .step = step,
                .body = Encoder(kSnapshotTag)
                            .Octets(log_.Encode())
                            .Octets(session_->Snapshot())
                            .bytes()},
               also);
}

absl::Status Round::WriteInputs(const std::function<absl::Status()>& also) {
  return Write({.round_id = record_.round_id,
                .state = StateOf(session_->phase()),
                .kind = "inputs",
                .step = secure_agg::PhaseName(session_->phase()),
                .body = Encoder(kInputsTag)
                            .U64(log_.bytes_up())
                            .U64(log_.bytes_down())
                            .Octets(session_->InputSnapshot())
                            .bytes()},
               also);
}

absl::Status Round::Finish(const std::string& state, v1::RoundStatus status,
                           const std::function<absl::Status()>& also) {
  record_.ended_ms = parts_.clock.NowMillis();
  status.set_seconds(static_cast<double>(record_.ended_ms - record_.opened_ms) /
                     1000);
  status.set_state(state);
  record_.status = ToBytes(status.SerializeAsString());
  return Write(
      {.round_id = record_.round_id, .state = state, .kind = "state"},
      [&]() -> absl::Status {
        SOTTO_RETURN_IF_ERROR(parts_.store.DropJournalBodies(record_.round_id));
        return also == nullptr ? absl::OkStatus() : also();
      });
}

}  // namespace sotto::server
