// SA-1's server side, active form: members exchange shares and masks with their
// neighbours on a ring that follows from the cohort's keys, or, where no ring
// will do, with all others.

#ifndef SOTTO_SECURE_AGG_SERVER_SESSION_H_
#define SOTTO_SECURE_AGG_SERVER_SESSION_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "crypto/prg.h"
#include "crypto/sign.h"
#include "secure_agg/aggregator.h"
#include "secure_agg/graph/key_tree.h"
#include "secure_agg/graph/parameters.h"
#include "secure_agg/graph/ring.h"
#include "secure_agg/input_store.h"

namespace sotto::secure_agg {

struct ServerParams {
  std::string task;
  std::uint64_t round = 0;
  RoundId round_id = {};
  std::vector<VectorSpec> vectors;
  std::uint32_t max_cohort = 1000;  // advertisements beyond it are refused
  std::uint32_t min_cohort = 3;     // n_min
  double corrupted_fraction = 0.0;  // gamma
  double dropout_fraction = 0.0;    // delta, stated in the manifest
  // sigma and eta of graph/parameters.h. Members have a floor for sigma.
  std::uint32_t security_bits = 80;
  std::uint32_t correctness_bits = 30;
  // Cohorts up to so many take the complete graph even where a ring would do.
  std::uint32_t complete_up_to = kCompleteUpTo;
  crypto::Sha256Digest model_hash = {};
  crypto::Sha256Digest plan_hash = {};
  Bytes previous_model_hash;  // 32 bytes or empty
  std::int64_t deadline_ms = 0;
  crypto::Prg::Kind prg = crypto::Prg::Kind::kAes256Ctr;
  crypto::PublicKey issuer = {};  // of the members' certificates
  std::string population;         // of all members
};

// Encrypted shares that a session relays at most, one for each neighbour of
// each member: under 200 bytes each, so that a snapshot with all of them is
// within the 10^9 bytes that a database takes as one value.
inline constexpr std::uint64_t kMaxRelayedShares = 1 << 22;
// Complete graphs within it: n (n - 1) shares.
inline constexpr std::uint32_t kMaxCompleteCohort = 2048;

// The graph of a cohort of `size` under these parameters. INVALID_ARGUMENT: no
// graph will do, or none with so few shares; the message has the numbers.
absl::StatusOr<GraphParams> SessionGraph(const ServerParams& params,
                                         std::uint32_t size);

class ServerSession final : public Aggregator {
 public:
  // INVALID_ARGUMENT names the parameter. `key` is the coordinator's, borrowed,
  // and outlives the session.
  // Incomplete inputs are kept in `store`; null: in memory.
  static absl::StatusOr<std::unique_ptr<ServerSession>> Create(
      const ServerParams& params, const crypto::SigningKey& key,
      std::unique_ptr<InputStore> store = nullptr);
  // With the store of the session that made the snapshot, uploads go on where
  // they were. DATA_LOSS: the snapshot is damaged or of another version.
  static absl::StatusOr<std::unique_ptr<ServerSession>> Restore(
      ByteView snapshot, const crypto::SigningKey& key,
      std::unique_ptr<InputStore> store = nullptr);

  Phase phase() const override { return phase_; }
  std::size_t expected() const override;
  std::size_t arrived() const override;
  bool EnoughArrived() const override;
  absl::Status ReceiveAdvertisement(const v1::KeyAdvertisement& message,
                                    UnixTime now) override;
  absl::Status ReceiveShares(const crypto::DeviceId& device,
                             const v1::EncryptedShares& message) override;
  absl::StatusOr<InputProgress> ReceiveInput(
      const crypto::DeviceId& device,
      const v1::MaskedInputChunk& message) override;
  absl::Status ReceiveSurvivorSignature(
      const crypto::DeviceId& device,
      const v1::SurvivorSignature& message) override;
  absl::Status ReceiveUnmaskShares(const crypto::DeviceId& device,
                                   const v1::UnmaskShares& message) override;
  absl::Status ReceiveComplaint(const crypto::DeviceId& device,
                                const v1::Complaint& message) override;
  absl::Status Close() override;
  absl::StatusOr<v1::Roster> RosterFor(
      const crypto::DeviceId& device) const override;
  absl::StatusOr<v1::ShareDelivery> DeliveryFor(
      const crypto::DeviceId& device) const override;
  absl::StatusOr<v1::SurvivorSet> SurvivorsFor(
      const crypto::DeviceId& device) const override;
  absl::StatusOr<v1::UnmaskRequest> UnmaskRequestFor(
      const crypto::DeviceId& device) const override;
  bool HasAnswered(const crypto::DeviceId& device) const override;
  std::vector<MemberStatus> Members() const override;
  std::optional<MemberStatus> MemberOf(
      const crypto::DeviceId& device) const override;
  const v1::SessionManifest& manifest() const override { return manifest_; }
  absl::StatusOr<AggregateResult> Result() const override;
  Bytes Snapshot() const override;
  Bytes InputSnapshot() const override;
  absl::Status RestoreInputs(ByteView snapshot) override;

  // Threads that take masks off; the machine's cores unless told otherwise.
  void set_workers(unsigned workers) { workers_ = workers; }
  // Members whose revealed shares did not fit the reconstructed secrets.
  const std::vector<std::uint32_t>& suspects() const { return suspects_; }

 private:
  struct Member {
    v1::KeyAdvertisement advertisement;
    crypto::Certificate certificate;
    v1::EncryptedShares shares;  // empty sender list until sent
    bool has_shares = false;     // in U2
    bool has_input = false;      // in U3
    Bytes members_signature;     // of U2, with the input
    Bytes survivor_signature;    // of U2 and B3
    v1::UnmaskShares unmask;
    bool has_unmask = false;
    // Signed, and sees enough signatures to unmask; from kUnmask on.
    bool can_unmask = false;
    std::uint32_t revealed = 0;  // neighbours that revealed their share of it
    bool complained = false;
    bool dropped = false;
    Phase dropped_in = Phase::kAdvertise;
    std::string reason;
  };

  ServerSession(const ServerParams& params, const crypto::SigningKey& key,
                std::unique_ptr<InputStore> store);

  absl::StatusOr<std::size_t> IndexOf(const crypto::DeviceId& device) const;
  absl::Status ExpectPhase(Phase phase) const;
  // Whether the open phase waits for the member.
  bool IsExpected(const Member& member) const;
  bool HasAnswered(const Member& member) const;
  // Members that the open phase waits for, and of these who answered: counted
  // once a phase, as every message asks.
  struct Counts {
    std::size_t expected, arrived;
  };
  const Counts& Count() const;
  // After a member that was expected and had not answered has.
  void CountArrival();
  MemberStatus StatusOf(std::size_t index) const;
  // In kAdvertise: a device not among the waiting, with keys that none has.
  void Wait(const crypto::DeviceId& device,
            const v1::KeyAdvertisement& message);
  void StopWaiting(const crypto::DeviceId& device);
  void DropMissing();
  // The graph and the tree that manifest and members fix.
  absl::Status Join();
  bool IsComplete() const { return ring_->neighbours() + 1 == ring_->size(); }
  // How many neighbours of member `index` have that property.
  template <typename Property>
  std::uint32_t CountNeighbours(std::size_t index,
                                const Property& property) const {
    std::uint32_t count = 0;
    for (const std::uint32_t v : near_[index]) count += property(v) ? 1 : 0;
    return count;
  }
  // The first member of U2 whose secrets fewer than t neighbours with that
  // property can help to restore.
  template <typename Property>
  std::optional<std::size_t> FindStranded(const Property& property) const;
  void FindUnmaskers();
  absl::Status Fail(const std::string& reason);
  absl::Status CloseOpenPhase();
  absl::Status CloseAdvertise();
  absl::Status CloseShares();
  absl::Status CloseInputs();
  absl::Status CloseConsistency();
  absl::Status CloseUnmask();
  // The element that a member has to send next.
  struct InputPlace {
    std::size_t vector = 0;  // of params_.vectors
    std::uint32_t element = 0;
  };
  absl::StatusOr<InputPlace> PlaceOf(std::size_t index);
  template <typename Body>
  absl::Status ReadInput(std::size_t index, const Body& body);
  // A whole input: checks its signature and adds it to the sum.
  absl::Status Finish(std::size_t index, const v1::MaskedInputChunk& last);
  struct ShareChecks;
  absl::StatusOr<crypto::Secret<32>> Reconstruct(ShareChecks& checks,
                                                 std::size_t owner);
  absl::Status RemoveMasks();

  ServerParams params_;
  const crypto::SigningKey* key_;  // not owned
  Phase phase_ = Phase::kAdvertise;
  std::string failure_;
  std::map<crypto::DeviceId, v1::KeyAdvertisement> waiting_;  // kAdvertise
  std::map<std::string, crypto::DeviceId> key_owners_;        // of the waiting
  mutable std::optional<Counts> counts_;  // none: to be counted
  std::vector<Member> members_;           // roster order, from kShares on
  std::optional<Ring> ring_;              // from kShares on, as the next two
  std::vector<std::vector<std::uint32_t>> near_;  // each member's neighbours
  std::optional<KeyTree> tree_;
  v1::SessionManifest manifest_;
  Bytes manifest_signature_;
  SessionId session_ = {};
  Bytes u2_, u3_;
  NamedVectors accumulator_;
  std::unique_ptr<InputStore> store_;
  std::vector<std::uint32_t> suspects_;
  unsigned workers_ = DefaultWorkers();
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_SERVER_SESSION_H_
