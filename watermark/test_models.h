// Models, examples and owners for the tests of this module.

#ifndef SOTTO_WATERMARK_TEST_MODELS_H_
#define SOTTO_WATERMARK_TEST_MODELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/codec.h"
#include "crypto/rng.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "training/local/trainer.h"
#include "watermark/embed/owner_mark.h"
#include "watermark/evidence/registry.h"

namespace sotto::watermark {

inline crypto::SeededRng RngFor(const std::string& name, std::uint64_t seed) {
  return crypto::SeededRng(
      Encoder("sotto/watermark-test/v1").Text(name).U64(seed).bytes());
}

// The network of the digits job: 37,376 weights that can carry marks.
inline runtime::Model Cnn(std::uint64_t seed) {
  return runtime::MakeArchitecture({.name = "cnn", .seed = seed}).value();
}

inline runtime::Model Parsed(const Bytes& file) {
  return runtime::ParseModel(file).value();
}

inline OwnerKey KeyFor(std::uint64_t seed) {
  crypto::SeededRng rng = RngFor("owner key", seed);
  return OwnerKey::Generate(rng);
}

// Ten classes of 8x8 images: a random pattern each, under heavy noise.
inline training::ExampleTable Patterns(std::size_t count, std::uint64_t seed) {
  crypto::SeededRng patterns = RngFor("patterns", 0);
  std::vector<std::uint8_t> pattern(10 * 64);
  patterns.Fill(pattern);
  crypto::SeededRng noise = RngFor("noise", seed);
  std::vector<std::uint8_t> bytes(64);
  std::vector<float> image(64);
  training::ExampleTable table(64);
  for (std::size_t n = 0; n < count; ++n) {
    noise.Fill(bytes);
    const std::size_t label = n % 10;
    for (std::size_t i = 0; i < 64; ++i) {
      const bool bright = (pattern[label * 64 + i] & 1) != 0;
      image[i] = (bright ? 0.5f : 0.0f) + static_cast<float>(bytes[i]) / 255;
    }
    table.Add(image, static_cast<std::int32_t>(label));
  }
  return table;
}

inline runtime::Model Trained(const runtime::Model& model,
                              std::uint32_t epochs) {
  auto trainer = training::Trainer::Create(
      model, {.sgd = {.learning_rate = 0.01, .momentum = 0.9},
              .epochs = epochs,
              .batch_size = 16,
              .seed = 3});
  trainer->Fit(Patterns(600, 1)).status().IgnoreError();
  return trainer->ToModel();
}

inline double Accuracy(const runtime::Model& model) {
  auto trainer = training::Trainer::Create(model, {});
  return trainer->Evaluate(Patterns(1000, 2))->accuracy();
}

// An owner with a registry of its own.
class Owner {
 public:
  explicit Owner(std::uint64_t seed)
      : key(KeyFor(seed)),
        rng_(RngFor("registry", seed)),
        registry_key_(crypto::SigningKey::Generate(rng_)),
        registry(registry_key_.public_key()) {}

  std::uint64_t Commit(const runtime::Model& model) {
    return registry
        .Commit(registry_key_, key, ArchitectureDigest(model),
                ModelDigest(model), 0.2, kOwnerEpsilon, ++now_ms_)
        .value();
  }
  absl::Status DrawNonce(std::uint64_t number) {
    return registry.DrawNonce(registry_key_, number, rng_, ++now_ms_);
  }
  const Registration& Register(const runtime::Model& model) {
    const std::uint64_t number = Commit(model);
    DrawNonce(number).IgnoreError();
    return *registry.Find(number);
  }
  // Registers `model` and returns it with the mark.
  runtime::Model Mark(const runtime::Model& model) {
    const Nonce nonce = *Register(model).nonce;
    return Parsed(
        EmbedOwnerMark(runtime::WriteModel(model), key, nonce, 0)->file);
  }

  OwnerKey key;

 private:
  std::int64_t now_ms_ = 1'700'000'000'000;
  crypto::SeededRng rng_;
  crypto::SigningKey registry_key_;

 public:
  Registry registry;
};

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_TEST_MODELS_H_
