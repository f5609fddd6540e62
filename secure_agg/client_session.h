// One client's side of one secure-aggregation session, protocol SA-1 in the
// active-server form (docs/protocol/secure_aggregation.md: adversary, claim,
// argument).
//
// The server learns the sum of the inputs of the clients that survive, and
// which clients those are. This class is the protocol alone: it does no I/O,
// starts no thread and reads no clock. The caller carries each returned message
// to the server and each reply to the next method:
//
//   state           method            returns             next state
//   kCreated        Advertise()       KeyAdvertisement    kKeysSent
//   kKeysSent       ShareKeys()       EncryptedShares     kSharesSent
//   kSharesSent     MaskInput()       MaskedInput         kInputSent
//   kInputSent      SignSurvivors()   SurvivorSignature   kSurvivorsSigned
//   kSurvivorsSigned  Unmask()        UnmaskShares        kDone
//
// A method called in any other state returns FAILED_PRECONDITION and changes
// nothing. Every other error is final: the session wipes its secrets and moves
// to kAborted; ComplaintFor turns the error into a signed message. Sessions are
// never reused.
//
// Errors of every step: PERMISSION_DENIED a signature, a policy floor or a hash
// does not hold; INVALID_ARGUMENT a malformed message; DATA_LOSS a share does
// not open; ABORTED too few members remain; ALREADY_EXISTS the decision log
// says that this was decided before. Messages name what failed.
//
// Not thread-safe.

#ifndef SOTTO_SECURE_AGG_CLIENT_SESSION_H_
#define SOTTO_SECURE_AGG_CLIENT_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "secure_agg/decision_log.h"
#include "secure_agg/graph/parameters.h"
#include "secure_agg/masked_input.h"
#include "secure_agg/session_types.h"

namespace sotto::secure_agg {

// What this device insists on, whatever the server says.
struct ClientPolicy {
  std::uint32_t min_cohort = 3;     // n_min, checked on U1, U2 and U3
  double corrupted_fraction = 0.0;  // gamma: the manifest's must be as large
  // sigma: what a ring of neighbours may fail with, 2^-sigma. With 80 a server
  // can try 2^40 cohorts for one that suits it.
  std::uint32_t security_bits = 80;
  // Cohorts up to so many must take the complete graph. On a ring survivor sets
  // are compared among neighbours alone, so a sum may be over fewer honest
  // members than n_min less the corrupted ones; noise that is shared among as
  // many needs the complete graph at any size.
  std::uint32_t complete_up_to = kCompleteUpTo;
  std::vector<VectorSpec> vectors;  // exactly these, with these bounds
};

struct ClientParams {
  Bytes certificate;  // this device's, crypto/certificate.h
  const crypto::SigningKey* identity = nullptr;  // borrowed
  crypto::PublicKey issuer = {};                 // pinned
  crypto::PublicKey coordinator = {};            // pinned
  RoundId round_id = {};
  std::string task;
  std::uint64_t round = 0;
  crypto::Sha256Digest model_hash = {};  // of what this device trained from
  crypto::Sha256Digest plan_hash = {};
  UnixTime now;  // for certificates and the deadline
  ClientPolicy policy;
};

class ClientSession {
 public:
  enum class State : std::uint8_t {
    kCreated,
    kKeysSent,
    kSharesSent,
    kInputSent,
    kSurvivorsSigned,
    kDone,
    kAborted
  };

  // INVALID_ARGUMENT: no identity, a bad certificate, or vectors that are not
  // well formed. `rng` (cryptographically secure) and `log` are borrowed and
  // outlive the session.
  static absl::StatusOr<ClientSession> Create(const ClientParams& params,
                                              crypto::Rng& rng,
                                              DecisionLog& log);

  ClientSession(ClientSession&&) noexcept;
  ClientSession& operator=(ClientSession&&) noexcept;
  ~ClientSession();  // wipes all secrets

  absl::StatusOr<v1::KeyAdvertisement> Advertise();

  // Checks manifest, graph, threshold, neighbours and every certificate and
  // signature.
  absl::StatusOr<v1::EncryptedShares> ShareKeys(const v1::Roster& roster);

  // `input` has the manifest's vectors with entries below 2^bits; it is masked
  // in place. The contribution is in the decision log before this returns.
  absl::StatusOr<MaskedInput> MaskInput(const v1::ShareDelivery& delivery,
                                        NamedVectors input);

  // Signs one set only; in the decision log before this returns.
  absl::StatusOr<v1::SurvivorSignature> SignSurvivors(
      const v1::SurvivorSet& survivors);

  // Reveals one share a peer: of its self mask if it survived, of its mask key
  // if it did not. Both would expose that peer's input, so this succeeds at
  // most once, across restarts too.
  absl::StatusOr<v1::UnmaskShares> Unmask(const v1::UnmaskRequest& request);

  // A signed account of why the session ended.
  v1::Complaint ComplaintFor(const absl::Status& error) const;

  void Abort();
  State state() const { return state_; }
  // Of the roster; valid from kSharesSent on.
  std::uint32_t own_index() const;
  const v1::SessionManifest& manifest() const;

 private:
  struct Secrets;
  struct Peer;
  struct Session;

  ClientSession(const ClientParams& params, crypto::Rng& rng, DecisionLog& log);

  absl::Status Expect(State state, const char* method) const;
  // Aborts unless OK.
  absl::Status Final(const absl::Status& status);
  absl::Status AcceptRoster(const v1::Roster& roster);
  absl::StatusOr<Peer> AcceptMember(const v1::KeyAdvertisement& member,
                                    std::uint32_t index) const;
  absl::Status CheckManifest(const v1::SessionManifest& manifest) const;
  absl::Status CheckNeighbours() const;
  // That a set of members is large enough, and has enough neighbours.
  absl::Status CheckSize(ByteView set, const char* what) const;
  absl::StatusOr<v1::EncryptedShares> MakeShares();
  absl::Status AcceptDelivery(const v1::ShareDelivery& delivery);
  absl::Status CheckInput(const NamedVectors& input) const;
  absl::StatusOr<MaskedInput> MakeInput(NamedVectors input);
  absl::Status AcceptSurvivors(const v1::SurvivorSet& survivors);
  absl::Status CheckSignatures(const v1::UnmaskRequest& request) const;

  ClientParams params_;
  std::string population_;  // of its certificate, and so of every member
  crypto::Rng* rng_;        // not owned
  DecisionLog* log_;        // not owned
  State state_ = State::kCreated;
  std::int32_t accused_ = -1;         // whose share did not open
  std::unique_ptr<Secrets> secrets_;  // null in kDone and kAborted
  std::unique_ptr<Session> session_;  // what the roster fixed
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_CLIENT_SESSION_H_
