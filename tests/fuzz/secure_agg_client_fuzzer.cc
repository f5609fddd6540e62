// A coordinator that sends anything, in any state: its messages are good ones
// with edits, signed anew where it holds the key, in any order.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "secure_agg/client_session.h"
#include "secure_agg/signed_bytes.h"
#include "tests/fuzz/message_edits.h"
#include "tests/support/cohort.h"

namespace {

using namespace sotto::secure_agg;  // NOLINT: the subject
using sotto::AsBytes;
using sotto::Bytes;
using sotto::FuzzInput;
using sotto::ToBytes;
using sotto::ToString;
namespace v1 = sotto::v1;

constexpr std::uint32_t kMe = 1, kGone = 3;
constexpr char kSeed[] = "draws of the client";

// What an honest session sends to one client; recorded once.
struct Recorded {
  Cohort cohort{{.size = 5, .min_cohort = 3, .length = 4}};
  MemoryDecisionLog log;
  v1::Roster roster;
  v1::ShareDelivery delivery;
  v1::SurvivorSet survivors;
  v1::UnmaskRequest request;
  SessionId session = {};

  Recorded() {
    sotto::crypto::SeededRng rng(AsBytes(kSeed));
    ClientSession me =
        ClientSession::Create(cohort.client_params(kMe), rng, log).value();
    ServerSession& server = cohort.server();
    const auto each = [&](const auto& step) {
      for (std::uint32_t i = 0; i < cohort.size(); ++i) {
        step(i, i == kMe ? me : cohort.client(i), cohort.id(i));
      }
      Require(server.Close().ok());
    };
    each([&](auto, ClientSession& client, const auto&) {
      Require(
          server.ReceiveAdvertisement(client.Advertise().value(), cohort.now())
              .ok());
    });
    roster = server.RosterFor(cohort.id(kMe)).value();
    session = SessionIdOf(roster.manifest());
    each([&](auto, ClientSession& client, const auto& id) {
      const auto shares = client.ShareKeys(server.RosterFor(id).value());
      Require(server.ReceiveShares(id, shares.value()).ok());
    });
    delivery = server.DeliveryFor(cohort.id(kMe)).value();
    each([&](std::uint32_t i, ClientSession& client, const auto& id) {
      if (i == kGone) return;
      const auto input =
          client.MaskInput(server.DeliveryFor(id).value(), cohort.input(i));
      for (const auto& chunk : AllChunks(input.value())) {
        Require(server.ReceiveInput(id, chunk).ok());
      }
    });
    survivors = server.SurvivorsFor(cohort.id(kMe)).value();
    each([&](std::uint32_t i, ClientSession& client, const auto& id) {
      if (i == kGone) return;
      const auto signature =
          client.SignSurvivors(server.SurvivorsFor(id).value());
      Require(server.ReceiveSurvivorSignature(id, signature.value()).ok());
    });
    request = server.UnmaskRequestFor(cohort.id(kMe)).value();
  }

  static void Require(bool ok) {
    if (!ok) std::abort();
  }
};

Bytes MembersOf(const std::string& bits) { return ToBytes(bits); }

// The liar holds the coordinator's key, and those of all members but one.
void SignAnew(FuzzInput& input, const Recorded& good, v1::Roster& roster) {
  if (input.Below(2) == 0) {
    for (auto& member : *roster.mutable_members()) {
      if (member.index() == kMe || member.index() >= good.cohort.size()) {
        continue;
      }
      member.mutable_keys()->set_signature(
          ToString(good.cohort.key(member.index())
                       .Sign(AdvertisementBytes(member.keys()))));
    }
    std::vector<sotto::crypto::Sha256Digest> leaves;
    for (const auto& member : roster.members()) {
      leaves.push_back(LeafHash(member.keys()));
    }
    roster.mutable_manifest()->set_key_root(ToString(KeyRoot(leaves)));
  }
  roster.set_manifest_signature(ToString(
      good.cohort.coordinator().Sign(ManifestBytes(roster.manifest()))));
}

// Runs the message against the state that the client is in.
void Check(const ClientSession& client, ClientSession::State before,
           const absl::Status& status) {
  const bool refused = status.code() == absl::StatusCode::kFailedPrecondition;
  if (status.ok()) return Recorded::Require(client.state() != before);
  Recorded::Require(client.state() ==
                    (refused ? before : ClientSession::State::kAborted));
  const v1::Complaint complaint = client.ComplaintFor(status);
  Recorded::Require(!complaint.signature().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const Recorded& good = *new Recorded;
  FuzzInput input(data, size);
  sotto::crypto::SeededRng rng(AsBytes(kSeed));
  MemoryDecisionLog log;
  ClientSession client =
      ClientSession::Create(good.cohort.client_params(kMe), rng, log).value();
  (void)client.Advertise();
  // So far the server was honest; the last good step is the input's choice.
  const std::uint32_t honest = input.Below(4);
  Bytes members, survivors;
  const auto roster = [&](const v1::Roster& message) {
    return client.ShareKeys(message).status();
  };
  const auto deliver = [&](const v1::ShareDelivery& message) {
    const auto masked = client.MaskInput(message, good.cohort.input(kMe));
    if (masked.ok()) members = MembersOf(message.members());
    return masked.status();
  };
  const auto survive = [&](const v1::SurvivorSet& message) {
    const auto signature = client.SignSurvivors(message);
    if (signature.ok()) survivors = MembersOf(message.members());
    return signature.status();
  };
  const auto unmask = [&](const v1::UnmaskRequest& message) {
    const auto shares = client.Unmask(message);
    if (!shares.ok()) return shares.status();
    for (const auto& share : shares->shares()) {
      Recorded::Require(share.kind() == (TestBit(survivors, share.owner())
                                             ? v1::UnmaskShares::SELF_MASK
                                             : v1::UnmaskShares::MASK_KEY));
    }
    return absl::OkStatus();
  };
  if (honest > 0) Recorded::Require(roster(good.roster).ok());
  if (honest > 1) Recorded::Require(deliver(good.delivery).ok());
  if (honest > 2) Recorded::Require(survive(good.survivors).ok());
  for (int events = 0; events < 6 && !input.ended(); ++events) {
    const ClientSession::State before = client.state();
    const bool anew = input.Below(4) != 0;
    const sotto::crypto::SigningKey& key = good.cohort.coordinator();
    switch (input.Below(5)) {
      case 0: {
        v1::Roster message = Edited(input, good.roster);
        if (anew) SignAnew(input, good, message);
        Check(client, before, roster(message));
        break;
      }
      case 1: {
        v1::ShareDelivery message = Edited(input, good.delivery);
        if (anew) {
          message.set_signature(ToString(key.Sign(
              DeliveryBytes(good.session, MembersOf(message.members())))));
        }
        Check(client, before, deliver(message));
        break;
      }
      case 2: {
        v1::SurvivorSet message = Edited(input, good.survivors);
        if (anew) {
          message.set_signature(ToString(key.Sign(ServerSurvivorBytes(
              good.session, MembersOf(message.members())))));
        }
        Check(client, before, survive(message));
        break;
      }
      case 3: {
        v1::UnmaskRequest message = Edited(input, good.request);
        for (auto& entry : *message.mutable_signatures()) {
          // As if the other members had been given the same sets.
          if (!anew || entry.sender() >= good.cohort.size()) continue;
          entry.set_signature(
              ToString(good.cohort.key(entry.sender())
                           .Sign(ClientSurvivorBytes(good.session, members,
                                                     survivors))));
        }
        for (auto& entry : *message.mutable_member_signatures()) {
          if (!anew || entry.sender() >= good.cohort.size()) continue;
          entry.set_signature(
              ToString(good.cohort.key(entry.sender())
                           .Sign(ClientMembersBytes(good.session, members))));
        }
        Check(client, before, unmask(message));
        break;
      }
      default: {
        // Framing that no edit makes.
        std::string bytes;
        while (!input.ended()) bytes.push_back(static_cast<char>(input.U8()));
        v1::Roster message;
        if (message.ParseFromString(bytes)) {
          Check(client, before, roster(message));
        }
      }
    }
  }
  return 0;
}
