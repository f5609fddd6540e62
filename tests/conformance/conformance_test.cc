// Our own cases, the shared networks and the int16 cases on every backend,
// against the outputs of another runtime; README.md says what agrees.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tests/conformance/backends.h"
#include "tests/conformance/case.h"
#include "tests/conformance/golden.h"
#include "tests/conformance/int16_cases.h"
#include "tests/conformance/runner.h"
#include "tests/support/shared_data.h"

namespace sotto::conformance {
namespace {

using runtime::Model;
using Results = std::vector<Result>;

constexpr runtime::LoadOptions kForInference = {.fold_weights_to_f32 = false};

// 8-bit networks on a delegate that rescales in its own way: one unit an
// operator, as the own cases show, that the layers after it amplify.
constexpr int kDelegatedNetworkSteps = 64;

bool IsReal(const Result& result) {
  return result.type == ElementType::kFloat32;
}

// Outputs of `got` that differ from `want`, as one text.
std::string Differences(const Results& want, const Results& got,
                        const Rule& rule) {
  if (want.size() != got.size()) return "another number of outputs";
  for (std::size_t i = 0; i < want.size(); ++i) {
    const std::string text = Difference(want[i], got[i], rule);
    if (!text.empty()) {
      return "invocation " + std::to_string(got[i].invocation) + " output " +
             std::to_string(got[i].output) + ": " + text;
    }
  }
  return "";
}

// Whole numbers must be the reference's bits; f32 may differ.
std::string WholeBitsDiffer(const Results& want, const Results& got) {
  for (std::size_t i = 0; i < want.size() && i < got.size(); ++i) {
    if (!IsReal(want[i]) && want[i].bytes != got[i].bytes) {
      return "output " + std::to_string(got[i].output) +
             " has other bits than the reference";
    }
  }
  return "";
}

std::string BitsDiffer(const Results& one, const Results& two) {
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (i >= two.size() || one[i].bytes != two[i].bytes) {
      return "two threads give other bits than one";
    }
  }
  return "";
}

// Runs `model` on every backend with one and two threads. `golden` null: the
// backends are compared with our reference alone.
void CheckEverywhere(const std::string& name, const Model& model,
                     const Feed& feed, const Results* golden,
                     const Rule& rule) {
  Results reference;
  for (const Backend& backend : Backends()) {
    Results one_thread;
    Rule backend_rule = rule;
    if (rule.arg_max && !backend.options.delegates.empty()) {
      backend_rule.max_steps = kDelegatedNetworkSteps;
      backend_rule.arg_max = rule.trained;
    }
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(name + " on " + backend.name +
                   ", threads: " + std::to_string(threads));
      runtime::InterpreterOptions options = backend.options;
      options.threads = threads;
      const auto got = RunModel(model, feed, options);
      if (!got.ok()) {
        ADD_FAILURE() << got.status();
        continue;
      }
      if (golden != nullptr) {
        EXPECT_EQ(Differences(*golden, *got, backend_rule), "");
      } else if (!reference.empty()) {
        EXPECT_EQ(Differences(reference, *got, backend_rule), "");
      }
      if (backend.name == "reference" && threads == 1) reference = *got;
      if (backend.name == "cpu") {
        EXPECT_EQ(WholeBitsDiffer(reference, *got), "");
      }
      if (threads == 1) one_thread = *got;
      if (threads == 2) {
        EXPECT_EQ(BitsDiffer(one_thread, *got), "");
      }
    }
  }
}

class OwnCases : public ::testing::TestWithParam<Family> {};

TEST_P(OwnCases, GiveTheStoredOutputsOnEveryBackend) {
  const auto goldens =
      ReadGoldens(std::string(SOTTO_SOURCE_DIR) +
                  "/tests/conformance/goldens/" + GetParam().name + ".txt");
  ASSERT_TRUE(goldens.ok()) << goldens.status();
  const std::vector<Case> cases = GetParam().cases();
  EXPECT_EQ(cases.size(), goldens->size());
  for (const Case& c : cases) {
    const auto golden = goldens->find(c.name);
    ASSERT_NE(golden, goldens->end())
        << c.name << " has no outputs; run tests/conformance/make_goldens";
    const Bytes bytes = runtime::WriteModel(c.model);
    const auto model = runtime::ParseModel(bytes, kForInference);
    if (!model.ok()) {
      ADD_FAILURE() << c.name << ": " << model.status();
      continue;
    }
    const Rule rule = {.length = AccumulationLength(*model),
                       .arg_max = GetParam().name == "network"};
    CheckEverywhere(c.name, *model, FeedOf(c), &golden->second, rule);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, OwnCases, ::testing::ValuesIn(Families()),
                         [](const auto& suite) { return suite.param.name; });

TEST(Backends, EachDelegateTakesOperatorsOfASmallNetwork) {
  for (const Backend& backend : Backends()) {
    if (backend.options.delegates.empty()) continue;
    for (const Case& c : NetworkCases()) {
      if (c.name != "residual_network_f32") continue;
      const auto model =
          runtime::ParseModel(runtime::WriteModel(c.model), kForInference);
      ASSERT_TRUE(model.ok()) << model.status();
      const auto interpreter =
          runtime::Interpreter::Create(*model, backend.options);
      ASSERT_TRUE(interpreter.ok()) << interpreter.status();
      int taken = 0;
      for (const auto& decision : interpreter->decisions()) {
        taken += decision.delegate == backend.name ? 1 : 0;
      }
      EXPECT_GE(taken, 5) << backend.name;
    }
  }
}

TEST(Cases, AreWrittenAsTheSameBytesEveryTime) {
  for (const Family& family : Families()) {
    const std::vector<Case> first = family.cases(), second = family.cases();
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(runtime::WriteModel(first[i].model),
                runtime::WriteModel(second[i].model))
          << first[i].name;
    }
  }
}

std::vector<Feed> Networks() {
  std::ifstream file(std::string(SOTTO_SOURCE_DIR) +
                     "/tests/conformance/networks.json");
  std::vector<Feed> made;
  for (const auto& entry : nlohmann::json::parse(file)) {
    Feed feed = {.name = entry.at("name"),
                 .ranges = {},
                 .resize = entry.value("resize", std::vector<Dims>{}),
                 .invocations = entry.value("invocations", 1),
                 .signature = entry.value("signature", "")};
    for (const auto& range : entry.value("ranges", nlohmann::json::array())) {
      feed.ranges.push_back({range.at(0), range.at(1)});
    }
    made.push_back(std::move(feed));
  }
  return made;
}

std::string NameOf(const Feed& feed) {
  return feed.signature.empty() ? feed.name : feed.name + "." + feed.signature;
}

class SharedNetworks : public ::testing::TestWithParam<Feed> {};

TEST_P(SharedNetworks, GiveTheOutputsOfTheOtherRuntimeOnEveryBackend) {
  SOTTO_SHARED_DATA_OR_SKIP(path, "models/" + GetParam().name + ".tflite");
  const auto model = runtime::LoadModel(path, kForInference);
  ASSERT_TRUE(model.ok()) << model.status();
  Feed feed = GetParam();
  feed.name = NameOf(feed);
  const auto goldens =
      ReadGoldens(std::string(SOTTO_SOURCE_DIR) +
                  "/build/conformance-goldens/" + feed.name + ".txt");
  if (!goldens.ok()) {
    std::printf(
        "%s: no stored outputs (tests/conformance/make_goldens makes them): "
        "the backends are compared with our reference alone\n",
        feed.name.c_str());
  }
  const Results* golden = goldens.ok() ? &goldens->at(feed.name) : nullptr;
  CheckEverywhere(
      feed.name, *model, feed, golden,
      {.length = AccumulationLength(*model), .arg_max = true, .trained = true});
}

INSTANTIATE_TEST_SUITE_P(Networks, SharedNetworks,
                         ::testing::ValuesIn(Networks()),
                         [](const auto& suite) {
                           std::string name = NameOf(suite.param);
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(Int16Cases, GiveTheirOwnOutputsOnEveryBackend) {
  SOTTO_SHARED_DATA_OR_SKIP(archive, "vectors/int16_ops.tar.gz");
  const auto cases = ReadInt16Cases(archive);
  ASSERT_TRUE(cases.ok()) << cases.status();
  EXPECT_EQ(cases->size(), 127u);
  for (const Int16Case& c : *cases) {
    const auto model = runtime::ParseModel(c.file, kForInference);
    if (!model.ok()) {
      ADD_FAILURE() << c.feed.name << ": " << model.status();
      continue;
    }
    Result golden = c.golden;
    golden.shape =
        model->tensors[static_cast<std::size_t>(model->outputs[0])].shape;
    const Results want = {golden};
    CheckEverywhere(c.feed.name, *model, c.feed, &want, {});
  }
}

}  // namespace
}  // namespace sotto::conformance
