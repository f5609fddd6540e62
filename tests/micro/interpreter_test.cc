#include "runtime/micro/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/file.h"
#include "runtime/host/interpreter.h"
#include "runtime/kernels/registry.h"
#include "runtime/loader/model_file.h"
#include "tests/micro/small_model.h"
#include "tests/support/shared_data.h"

namespace sotto::runtime {
namespace {

// Memory that begins at a multiple of 16 bytes; a sanitizer sees its end.
class Block {
 public:
  explicit Block(std::size_t bytes)
      : units_((bytes + sizeof(Unit) - 1) / sizeof(Unit)), bytes_(bytes) {}
  explicit Block(ByteView from) : Block(from.size()) {
    if (!from.empty()) std::memcpy(units_.data(), from.data(), from.size());
  }
  std::span<std::uint8_t> bytes() {
    return {reinterpret_cast<std::uint8_t*>(units_.data()), bytes_};
  }

 private:
  struct alignas(16) Unit {
    std::uint8_t bytes[16];
  };
  std::vector<Unit> units_;
  std::size_t bytes_;
};

void Fill(std::span<std::uint8_t> bytes, std::uint32_t& seed) {
  for (auto& value : bytes) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<std::uint8_t>(seed >> 24);
  }
}

Bytes HostOutputs(ByteView file, std::uint32_t seed) {
  auto model = ParseModel(Bytes(file.begin(), file.end()),
                          {.fold_weights_to_f32 = false});
  EXPECT_TRUE(model.ok()) << model.status();
  InterpreterOptions options;
  options.backend = Backend::kReference;
  auto net = Interpreter::Create(*model, options);
  EXPECT_TRUE(net.ok()) << net.status();
  for (std::size_t i = 0; i < net->num_inputs(); ++i) {
    Fill(net->input_bytes(i), seed);
  }
  EXPECT_TRUE(net->Invoke().ok());
  Bytes out;
  for (std::size_t i = 0; i < net->num_outputs(); ++i) {
    const auto bytes = net->output_bytes(i);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

std::span<std::uint8_t> BytesOf(const Tensor& t) {
  return {t.as<std::uint8_t>(), t.bytes()};
}

Bytes MicroOutputs(MicroInterpreter& net, std::uint32_t seed) {
  for (std::size_t i = 0; i < net.num_inputs(); ++i) {
    Fill(BytesOf(net.input(i)), seed);
  }
  EXPECT_EQ(net.Invoke(), StatusCode::kOk) << net.failed_operator();
  Bytes out;
  for (std::size_t i = 0; i < net.num_outputs(); ++i) {
    const auto bytes = BytesOf(net.output(i));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

std::size_t ArenaBound(std::span<const std::uint8_t> model) {
  Block arena(1 << 20);
  MicroInterpreter net(model, AllMicroKernels(), {.arena = arena.bytes()});
  EXPECT_EQ(net.Prepare(), StatusCode::kOk) << net.failed_operator();
  return net.arena_used();
}

// In an arena of exactly the bound.
void ExpectOutputsOfTheHost(ByteView file) {
  Block model(file);
  Block arena(ArenaBound(model.bytes()));
  MicroInterpreter net(model.bytes(), AllMicroKernels(),
                       {.arena = arena.bytes()});
  ASSERT_EQ(net.Prepare(), StatusCode::kOk);
  for (const std::uint32_t seed : {1u, 2u, 1u}) {
    EXPECT_EQ(MicroOutputs(net, seed), HostOutputs(file, seed)) << seed;
  }
}

TEST(MicroInterpreter, GivesTheOutputsOfTheHostsReferenceKernels) {
  ExpectOutputsOfTheHost(SmallModel::Write());
}

struct SharedModel {
  const char* name;
  std::size_t arena_bytes;  // measured on x86-64 with GCC 12, 2026-11-21
  std::size_t bar;
};

class SharedModels : public testing::TestWithParam<SharedModel> {};

TEST_P(SharedModels, RunInArenasThatKeepTheirSize) {
  const SharedModel& shared = GetParam();
  SOTTO_SHARED_DATA_OR_SKIP(path,
                            std::string("models/") + shared.name + ".tflite");
  const auto file = ReadFile(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectOutputsOfTheHost(*file);
  Block model(*file);
  const std::size_t used = ArenaBound(model.bytes());
  EXPECT_LT(used, shared.bar);
  EXPECT_NEAR(static_cast<double>(used),
              static_cast<double>(shared.arena_bytes),
              0.03 * static_cast<double>(shared.arena_bytes));
}

INSTANTIATE_TEST_SUITE_P(
    MicroInterpreter, SharedModels,
    testing::Values(SharedModel{"hello_world_int8", 592, 1000},
                    SharedModel{"kws_int8", 16960, 17000},
                    SharedModel{"person_detect_int8", 56016, 70000},
                    SharedModel{"toycar_int8", 1232, 1600}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(MicroInterpreter, NeedsTheBoundAndNotAByteMore) {
  Block model(SmallModel::Write());
  const std::size_t bound = ArenaBound(model.bytes());
  Block arena(bound);
  for (std::size_t bytes = 0; bytes < bound; bytes += 16) {
    MicroInterpreter net(model.bytes(), AllMicroKernels(),
                         {.arena = arena.bytes().first(bytes)});
    EXPECT_EQ(net.Prepare(), StatusCode::kResourceExhausted) << bytes;
    EXPECT_EQ(net.Invoke(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(net.arena_used(), 0u);
    EXPECT_EQ(net.input(0).data, nullptr);
  }
  MicroInterpreter net(model.bytes(), AllMicroKernels(),
                       {.arena = arena.bytes()});
  EXPECT_EQ(net.Prepare(), StatusCode::kOk);
}

TEST(MicroInterpreter, TwoOfThemTakeTurnsInOneScratchArena) {
  const Bytes file = SmallModel::Write();
  Block model(file), scratch(1 << 16), own_a(256), own_b(256);
  MicroInterpreter a(model.bytes(), AllMicroKernels(),
                     {.arena = scratch.bytes(), .tables = own_a.bytes()});
  MicroInterpreter b(model.bytes(), AllMicroKernels(),
                     {.arena = scratch.bytes(), .tables = own_b.bytes()});
  ASSERT_EQ(a.Prepare(), StatusCode::kOk);
  ASSERT_EQ(b.Prepare(), StatusCode::kOk);
  EXPECT_GT(a.tables_used(), 0u);
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    EXPECT_EQ(MicroOutputs(a, seed), HostOutputs(file, seed));
    EXPECT_EQ(MicroOutputs(b, seed + 1), HostOutputs(file, seed + 1));
  }
}

// SVDF remembers three steps: y = sum over its memory of feature * x.
Bytes ModelWithState() {
  GraphBuilder g;
  const auto x = g.Input(ElementType::kFloat32, {2, {1, 1}});
  const auto feature = g.Floats({2, {1, 1}}, {2.0f});
  const auto time = g.Floats({2, {1, 3}}, {1.0f, 1.0f, 1.0f});
  const auto state = g.Tensor(ElementType::kFloat32, {2, {1, 3}});
  g.tensor(state).is_variable = true;
  Options options;
  options.rank = 1;
  const auto y = g.Op(OpCode::kSvdf, {x, feature, time, kAbsent, state},
                      ElementType::kFloat32, options);
  g.tensor(y).shape = {2, {1, 1}};
  return WriteModel(std::move(g).Finish({y}));
}

TEST(MicroInterpreter, KeepsVariablesFromOneInvokeToTheNext) {
  Block model(ModelWithState());
  Block arena(ArenaBound(model.bytes()));
  MicroInterpreter net(model.bytes(), AllMicroKernels(),
                       {.arena = arena.bytes()});
  ASSERT_EQ(net.Prepare(), StatusCode::kOk) << net.failed_operator();
  const auto step = [&](float x) {
    *net.input(0).floats() = x;
    EXPECT_EQ(net.Invoke(), StatusCode::kOk);
    return *net.output(0).floats();
  };
  EXPECT_EQ(step(1), 2);
  EXPECT_EQ(step(10), 22);
  EXPECT_EQ(step(100), 222);
  EXPECT_EQ(step(1000), 2220);
  net.ResetVariables();
  EXPECT_EQ(step(1), 2);
}

TEST(MicroInterpreter, RefusesAnOperatorThatTheRegistryLacks) {
  Block model(SmallModel::Write()), arena(1 << 16);
  std::vector<MicroKernel> rows;
  for (const MicroKernel& row : AllMicroKernels()) {
    if (row.code != OpCode::kAveragePool2D) rows.push_back(row);
  }
  MicroInterpreter net(model.bytes(), rows, {.arena = arena.bytes()});
  EXPECT_EQ(net.Prepare(), StatusCode::kUnimplemented);
  EXPECT_EQ(net.failed_operator(), 3);
}

TEST(MicroInterpreter, RefusesMemoryThatIsNotAligned) {
  Block model(SmallModel::Write()), arena(1 << 16), moved(1 << 16);
  MicroInterpreter net(model.bytes(), AllMicroKernels(),
                       {.arena = arena.bytes().subspan(4)});
  EXPECT_EQ(net.Prepare(), StatusCode::kInvalidArgument);
  std::memcpy(moved.bytes().data() + 4, model.bytes().data(),
              model.bytes().size());
  MicroInterpreter other(moved.bytes().subspan(4, model.bytes().size()),
                         AllMicroKernels(), {.arena = arena.bytes()});
  EXPECT_EQ(other.Prepare(), StatusCode::kInvalidArgument);
}

TEST(MicroInterpreter, TakesAnyBytesWithoutHarm) {
  const Bytes file = SmallModel::Write();
  Block arena(1 << 16);
  std::size_t refused = 0;
  const auto run = [&](ByteView bytes) {
    Block model(bytes);
    MicroInterpreter net(model.bytes(), AllMicroKernels(),
                         {.arena = arena.bytes()});
    if (net.Prepare() != StatusCode::kOk) {
      ++refused;
      return;
    }
    for (std::size_t i = 0; i < net.num_inputs(); ++i) {
      std::memset(net.input(i).data, 1, net.input(i).bytes());
    }
    (void)net.Invoke();
  };
  for (std::size_t size = 0; size < file.size(); size += 7) {
    run(ByteView(file).first(size));
  }
  EXPECT_GT(refused, file.size() / 8);
  std::uint32_t seed = 5;
  for (int round = 0; round < 3000; ++round) {
    Bytes changed = file;
    for (int i = 0; i <= round % 3; ++i) {
      seed = seed * 1664525u + 1013904223u;
      const std::size_t at = (seed >> 8) % changed.size();
      seed = seed * 1664525u + 1013904223u;
      changed[at] = static_cast<std::uint8_t>(seed >> 24);
    }
    run(changed);
  }
}

TEST(MicroKernels, AreTheReferenceKernelsOfTheHostInTheirOrder) {
  for (const MicroKernel& row : AllMicroKernels()) {
    std::vector<const Kernel*> host, micro;
    const KernelChoice choice = FindKernels(row.code, KernelTier::kReference);
    for (std::size_t i = 0; i < choice.count; ++i) {
      host.push_back(choice.rows[i]->kernel);
    }
    for (const MicroKernel& other : AllMicroKernels()) {
      if (other.code == row.code) micro.push_back(other.kernel);
    }
    EXPECT_EQ(micro, host) << OpName(row.code);
  }
}

}  // namespace
}  // namespace sotto::runtime
