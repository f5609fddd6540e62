// A coordinator that lies, over one round of real devices and of members that
// it owns itself (sybils). It holds the coordinator's key, so whatever it says
// can be signed; what it does not hold are the devices' keys.
//
// By itself it follows the protocol: it long-polls each device until all have
// answered a step, and the honest secure_agg::ServerSession inside makes the
// replies. A test scripts the lies: what a device is told instead (Lie), what a
// device that the server owns says instead (Tamper), and when a device's
// process dies (DieAt).

#ifndef SOTTO_TESTS_EVIL_SERVER_EVIL_SERVER_H_
#define SOTTO_TESTS_EVIL_SERVER_EVIL_SERVER_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "secure_agg/client_session.h"
#include "secure_agg/server_session.h"
#include "tests/evil_server/fleet.h"
#include "tests/support/cohort.h"

namespace sotto::evil {

// A reply by what an honest server would send: kRoster, kDelivery, kSurvivors,
// kUnmaskRequest, kOutcome.
using Step = v1::StepReply::NextCase;
using Message = v1::StepRequest::MessageCase;

class EvilServer {
 public:
  struct Options {
    std::uint32_t sybils = 0;
    std::uint64_t round = 5;
    char round_id = 'r';
    std::uint32_t min_cohort = 3;
    std::uint32_t max_cohort = 1000;
    double corrupted_fraction = 0.1;
    double dropout_fraction = 0.0;
    std::uint32_t security_bits = 80;
    std::uint32_t complete_up_to = secure_agg::kCompleteUpTo;
    char model = 'm';  // fills the model's hash
    // Of the sybils; the population's unless set.
    const crypto::SigningKey* issuer = nullptr;
  };
  // `fleet` outlives it.
  EvilServer(Fleet& fleet, const Options& options);

  // Changes the reply to a device; called as often as the reply is given.
  using ReplyLie = std::function<void(std::uint32_t device, v1::StepReply&)>;
  void Lie(Step step, ReplyLie lie) { lies_[step] = std::move(lie); }
  // Changes what a device sent before the server inside sees it.
  using RequestLie =
      std::function<void(std::uint32_t device, v1::StepRequest&)>;
  void Tamper(Message message, RequestLie lie) {
    tampers_[message] = std::move(lie);
  }
  // Changes what a device is assigned to.
  std::function<void(std::uint32_t device, v1::Assignment&)> assign;
  // The device's process dies instead of getting that reply.
  void DieAt(std::uint32_t device, Step step) { deaths_[device] = step; }

  // Until every device has an outcome or gave up.
  void Run();

  // How the device's session ended.
  const absl::StatusOr<v1::RoundOutcome>& outcome(std::uint32_t device) const {
    return outcomes_[device];
  }
  // What it sent, in order, complaints included.
  const std::vector<v1::StepRequest>& sent(std::uint32_t device) const {
    return sent_[device];
  }
  std::vector<v1::StepRequest> SentOf(std::uint32_t device, Message kind) const;
  // The honest server inside, and what it refused.
  secure_agg::ServerSession& inner() { return *inner_; }
  const std::vector<absl::Status>& refused() const { return refused_; }
  Fleet& fleet() { return fleet_; }

  // Of lies, called from inside them:
  // The place of a device in the roster.
  std::uint32_t IndexOf(const crypto::DeviceId& id) const;
  std::uint32_t IndexOf(std::uint32_t device) const {
    return IndexOf(fleet_.device(device).id());
  }
  const v1::KeyAdvertisement& advertisement(std::uint32_t device) const;
  const Member& sybil(std::uint32_t i) const { return sybils_[i].member; }
  secure_agg::SessionId session() const;
  // A roster of just these members, on the complete graph, signed.
  v1::Roster MakeRoster(std::vector<v1::KeyAdvertisement> members) const;
  // A survivor set or U2 of these roster places, signed.
  v1::SurvivorSet MakeSurvivors(const std::set<std::uint32_t>& members) const;
  void SetMembers(v1::ShareDelivery& delivery,
                  const std::set<std::uint32_t>& members) const;
  std::set<std::uint32_t> Everybody() const;
  // Signs again what was changed.
  void Sign(v1::Roster& roster) const;
  std::string Signed(const Bytes& bytes) const {
    return ToString(fleet_.coordinator().Sign(bytes));
  }

 private:
  struct Sybil {
    Member member;
    std::unique_ptr<secure_agg::MemoryDecisionLog> log;
    std::unique_ptr<secure_agg::ClientSession> session;
  };

  absl::StatusOr<v1::StepReply> Answer(std::uint32_t device,
                                       v1::StepRequest request);
  void Receive(std::uint32_t device, const v1::StepRequest& request,
               v1::StepReply* reply);
  void Arrive(std::uint32_t device, std::size_t phase);
  void Leave(std::uint32_t device);
  void CloseWhenAllArrived();
  void MakeSybils();
  void ActAsSybils();
  absl::Status ActAsSybil(Sybil& sybil);
  v1::StepReply HonestReply(std::uint32_t device, Step step) const;
  void Note(const absl::Status& status) {
    if (!status.ok()) refused_.push_back(status);
  }

  Fleet& fleet_;
  const Options options_;
  std::unique_ptr<secure_agg::ServerSession> inner_;
  std::vector<Sybil> sybils_;
  std::map<Step, ReplyLie> lies_;
  std::map<Message, RequestLie> tampers_;
  std::map<std::uint32_t, Step> deaths_;

  std::mutex mutex_;  // of what follows, while devices run
  std::condition_variable phase_closed_;
  std::size_t phase_ = 0;
  std::set<std::uint32_t> arrived_, left_;
  std::vector<std::vector<v1::StepRequest>> sent_;
  std::vector<absl::StatusOr<v1::RoundOutcome>> outcomes_;
  std::vector<absl::Status> refused_;
};

}  // namespace sotto::evil

#endif  // SOTTO_TESTS_EVIL_SERVER_EVIL_SERVER_H_
