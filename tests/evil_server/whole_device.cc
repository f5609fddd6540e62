#include "tests/evil_server/whole_device.h"

#include <cstring>

#include "base/file.h"
#include "base/status.h"
#include "client/policy/assignment_check.h"
#include "client/storage/release_slots.h"
#include "crypto/hpke.h"
#include "gtest/gtest.h"
#include "model_store/container/grant.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_writer.h"

namespace sotto::evil {
namespace {

constexpr char kFamily[] = "shades/mlp";

// Two classes of 8x8 images: dark and bright.
class Shades final : public Examples {
 public:
  std::size_t size() const override { return 16; }
  std::int32_t Read(std::size_t index,
                    std::span<float> features) const override {
    const auto label = static_cast<std::int32_t>(index % 2);
    for (float& feature : features) feature = static_cast<float>(label) * 0.8f;
    return label;
  }
};

// Nothing is downloaded here.
class NoSource final : public client::BlobSource {
  void SetBase(const std::string&) override {}
  absl::Status Get(const std::string&, std::uint64_t, std::uint64_t,
                   const client::ByteSink&) override {
    return absl::NotFoundError("no files");
  }
  void CancelTransfers() override {}
  void ResumeTransfers() override {}
};

std::string NewFolder() {
  static int folders = 0;
  std::string path = testing::TempDir() + "/whole" + std::to_string(folders++);
  for (const char* suffix :
       {"/client.db", "/client.db-wal", "/client.db-shm"}) {
    RemoveFile(path + suffix).IgnoreError();
  }
  EXPECT_TRUE(MakeFolder(path).ok());
  return path;
}

client::Identity MakeIdentity(const crypto::SigningKey& issuer) {
  Member member = Certify(issuer);
  client::Identity identity{.key = std::move(member.key),
                            .grant_key = crypto::GenerateHpkeKey(
                                crypto::HpkeKem::kX25519, crypto::SystemRng()),
                            .certificate = {},
                            .certificate_bytes = member.certificate};
  identity.certificate =
      crypto::DecodeCertificate(identity.certificate_bytes).value();
  return identity;
}

}  // namespace

absl::StatusOr<v1::EnrollReply> Assigner::Enroll(const v1::EnrollRequest&) {
  v1::EnrollReply reply;
  reply.set_token("token");
  return reply;
}

absl::StatusOr<v1::CheckInReply> Assigner::CheckIn(const v1::CheckInRequest&) {
  v1::CheckInReply reply;
  if (assignment.task().empty()) {
    stop->Raise();  // it came back for more: it passed over the round
    return reply;
  }
  std::swap(*reply.mutable_assignment(), assignment);
  assignment.Clear();
  return reply;
}

absl::StatusOr<v1::StepReply> Assigner::Step(const v1::StepRequest& request) {
  if (request.has_advertise()) ++joined;
  v1::StepReply reply;
  reply.mutable_outcome()->set_kind(v1::RoundOutcome::ABANDONED);
  return reply;
}

absl::StatusOr<v1::GetGrantReply> Assigner::GetGrant(
    const v1::GetGrantRequest&) {
  v1::GetGrantReply reply;
  reply.set_grant(ToString(grant));
  return reply;
}

absl::StatusOr<v1::ReportReply> Assigner::Report(const v1::ReportRequest&) {
  return v1::ReportReply();
}

absl::StatusOr<client::ModelState> SignedFiles::Refresh() {
  client::ModelState state;
  state.release = 1;
  return state;
}

absl::StatusOr<Bytes> SignedFiles::FetchTarget(const std::string&,
                                               std::uint64_t) {
  return plan;
}

absl::StatusOr<model_store::OpenedPayload> SignedFiles::FetchCheckpoint(
    ByteView, std::uint64_t) {
  const auto key = model_store::NewFileKey(crypto::SystemRng());
  return model_store::OpenContainer(
      model_store::SealContainer(
          checkpoint,
          {.alias = "c",
           .kind = model_store::ContainerKind::kCheckpoint,
           .created_ms = 0},
          key, crypto::SystemRng()),
      key);
}

WholeDevice::WholeDevice()
    : issuer_(crypto::SigningKey::Generate(crypto::SystemRng())),
      coordinator_(crypto::SigningKey::Generate(crypto::SystemRng())),
      broker_(crypto::SigningKey::Generate(crypto::SystemRng())),
      identity_(MakeIdentity(issuer_)),
      folder_(NewFolder()),
      database_(client::ClientDatabase::Open(folder_ + "/client.db").value()) {
  config_.model = kFamily;
  config_.population = "test";
  config_.policy.allow_without_noise = true;
  config_.update_interval = std::chrono::milliseconds(60'000);
  plan_.set_task("train");
  plan_.set_model(kFamily);
  plan_.mutable_train()->set_learning_rate(0.05);
  plan_.mutable_train()->set_epochs(1);
  plan_.mutable_train()->set_batch_size(4);
  plan_.mutable_encode()->set_clip_norm(0.5);
  plan_.mutable_encode()->set_scale(1000);
  plan_.mutable_encode()->set_bits(32);
  plan_.mutable_encode()->set_max_weight(100);
  plan_.mutable_participation()->set_min_examples(1);
  plan_.mutable_participation()->set_min_separation_rounds(1);
  plan_.mutable_secure_aggregation()->set_min_cohort(3);
  InstallModel();
}

void WholeDevice::InstallModel() {
  const runtime::Model model =
      runtime::MakeArchitecture({.name = "mlp", .classes = 2}).value();
  const std::vector<float> weights = runtime::FlatWeights(model);
  files_.checkpoint.resize(weights.size() * sizeof(float));
  std::memcpy(files_.checkpoint.data(), weights.data(),
              files_.checkpoint.size());
  const Bytes file = runtime::WriteModel(model);
  const auto hash = client::LoadedModel::Create(file, "model", 1)
                        .value()
                        ->architecture_hash();
  plan_.set_architecture_hash(ToString(hash));
  const auto key = model_store::NewFileKey(crypto::SystemRng());
  const Bytes sealed =
      model_store::SealContainer(file,
                                 {.alias = "m",
                                  .kind = model_store::ContainerKind::kFull,
                                  .created_ms = 0},
                                 key, crypto::SystemRng());
  const auto digest = model_store::ContainerDigest(sealed);
  const std::string path = folder_ + "/model";
  EXPECT_TRUE(WriteFileAtomically(path, sealed).ok());
  EXPECT_TRUE(client::ReleaseSlots(*database_)
                  .Activate(kFamily,
                            {.release = 1,
                             .target = "shades/1",
                             .digest = Bytes(digest.begin(), digest.end()),
                             .file = path},
                            1)
                  .ok());
  assigner_.grant =
      model_store::MakeGrant({.container_digest = digest,
                              .release_counter = 1,
                              .device_id = identity_.certificate.device_id,
                              .key_epoch = 0,
                              .not_before_ms = 0,
                              .not_after_ms = INT64_MAX},
                             key, crypto::HpkeKem::kX25519,
                             identity_.grant_key.public_key, broker_,
                             crypto::SystemRng())
          .value();
}

crypto::Sha256Digest WholeDevice::ModelHash() const {
  return crypto::Sha256(files_.checkpoint);
}

absl::Status WholeDevice::Start(const Offer& offer) {
  files_.plan = ToBytes(plan_.SerializeAsString());
  v1::Assignment& assignment = assigner_.assignment;
  assignment.set_task("train");
  assignment.set_round(offer.round);
  assignment.set_round_id(std::string(16, static_cast<char>(offer.round)));
  assignment.set_plan_target("plan/train.plan");
  assignment.set_plan_hash(
      ToString(offer.plan_hash.value_or(crypto::Sha256(files_.plan))));
  assignment.set_model_hash(ToString(ModelHash()));
  assignment.set_previous_model_hash(ToString(offer.previous_model_hash));
  assignment.set_checkpoint_digest(std::string(32, 'c'));
  assignment.set_signature(
      ToString(coordinator_.Sign(client::AssignmentSignedBytes(assignment))));

  database_.reset();  // as a new process finds it
  database_ = client::ClientDatabase::Open(folder_ + "/client.db").value();
  client::Interrupt interrupt;
  absl::Status refused;
  const client::Events events([&](const std::string& name,
                                  const std::string& json) {
    if (name != "error") return;
    const auto event = nlohmann::json::parse(json);
    const std::string code = event["code"];
    for (int i = 1; i <= 16; ++i) {
      const auto candidate = static_cast<absl::StatusCode>(i);
      if (absl::StatusCodeToString(candidate) == code) {
        refused = absl::Status(candidate, event["message"].get<std::string>());
      }
    }
    interrupt.Raise();
  });
  const crypto::PublicKey issuer = issuer_.public_key(),
                          coordinator = coordinator_.public_key(),
                          broker = broker_.public_key();
  client::ScriptedConditions conditions;
  conditions.Set({.charging = true});
  NoSource source;
  client::ModelOpener opener({.config = config_,
                              .identity = identity_,
                              .broker = broker,
                              .database = *database_,
                              .coordinator = assigner_,
                              .clock = SystemClock()});
  client::Agent agent({.config = config_,
                       .identity = identity_,
                       .issuer = issuer,
                       .coordinator_key = coordinator,
                       .database = *database_,
                       .coordinator = assigner_,
                       .source = source,
                       .updater = files_,
                       .opener = opener,
                       .conditions = conditions,
                       .clock = SystemClock(),
                       .rng = crypto::SystemRng(),
                       .events = events,
                       .interrupt = interrupt});
  agent.SetExamples(std::make_shared<Shades>());
  assigner_.stop = &interrupt;
  const int before = assigner_.joined;
  SOTTO_RETURN_IF_ERROR(agent.Recover());
  agent.Run(/*max_rounds=*/1);
  assignment.Clear();
  if (!refused.ok()) return refused;
  return assigner_.joined > before
             ? absl::OkStatus()
             : absl::NotFoundError("the device passed over the round");
}

}  // namespace sotto::evil
