// Files of several graphs, their signatures and variables.

#include <functional>

#include "gtest/gtest.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using ::testing::HasSubstr;

TensorInfo Named(const char* name, ElementType type, const Shape& shape) {
  TensorInfo tensor;
  tensor.name = name;
  tensor.type = type;
  tensor.shape = shape;
  return tensor;
}

// x -> x + x
Graph Doubling(const char* name) {
  Graph graph;
  graph.name = name;
  graph.tensors = {Named("x", ElementType::kFloat32, {1, {4}}),
                   Named("y", ElementType::kFloat32, {1, {4}})};
  graph.ops = {
      {.code = OpCode::kAdd, .inputs = {0, 0}, .outputs = {1}, .options = {}}};
  graph.inputs = {0};
  graph.outputs = {1};
  return graph;
}

// if (condition) double once, else double twice.
Model Branching() {
  Model model;
  model.name = "main";
  model.tensors = {Named("condition", ElementType::kBool, {0, {}}),
                   Named("x", ElementType::kFloat32, {1, {4}}),
                   Named("y", ElementType::kFloat32, {1, {4}})};
  model.ops = {{.code = OpCode::kIf,
                .inputs = {0, 1},
                .outputs = {2},
                .options = {.subgraph_a = 1, .subgraph_b = 2}}};
  model.inputs = {0, 1};
  model.outputs = {2};
  model.others = {Doubling("once"), Doubling("twice")};
  model.signatures = {{.key = "serving_default",
                       .subgraph = 0,
                       .inputs = {{"condition", 0}, {"x", 1}},
                       .outputs = {{"y", 2}}},
                      {.key = "once",
                       .subgraph = 1,
                       .inputs = {{"x", 0}},
                       .outputs = {{"y", 1}}}};
  model.metadata = {{"about", model.Keep({1, 2, 3})}};
  return model;
}

absl::StatusOr<Model> Reparse(const Model& model) {
  return ParseModel(WriteModel(model), {.fold_weights_to_f32 = false});
}

TEST(SubgraphTest, GraphsSignaturesAndMetadataComeBack) {
  const Model model = Branching();
  const Model back = Reparse(model).value();
  ASSERT_EQ(back.num_graphs(), 3u);
  EXPECT_EQ(back.name, "main");
  EXPECT_EQ(back.graph(2).name, "twice");
  EXPECT_EQ(back.graph(2).ops[0].inputs, (std::vector<std::int32_t>{0, 0}));
  EXPECT_EQ(back.ops[0].options.subgraph_a, 1);
  EXPECT_EQ(back.ops[0].options.subgraph_b, 2);
  ASSERT_EQ(back.signatures.size(), 2u);
  EXPECT_EQ(back.signatures[1].key, "once");
  EXPECT_EQ(back.signatures[1].subgraph, 1);
  EXPECT_EQ(back.signatures[0].inputs, model.signatures[0].inputs);
  EXPECT_EQ(back.signatures[0].outputs, model.signatures[0].outputs);
  ASSERT_EQ(back.metadata.size(), 1u);
  EXPECT_EQ(back.metadata[0].first, "about");
  EXPECT_EQ(
      Bytes(back.metadata[0].second.begin(), back.metadata[0].second.end()),
      (Bytes{1, 2, 3}));
}

TEST(SubgraphTest, CallsThatLeadNowhereOrBackAreRefused) {
  struct Case {
    const char* message;
    std::function<void(Model&)> spoil;
  };
  const OpInfo loop = {.code = OpCode::kIf,
                       .inputs = {},
                       .outputs = {},
                       .options = {.subgraph_a = 2, .subgraph_b = 2}};
  const Case cases[] = {
      {"subgraph 3 does not exist",
       [](Model& m) { m.ops[0].options.subgraph_b = 3; }},
      {"subgraph -1 does not exist",
       [](Model& m) { m.ops[0].options.subgraph_a = -1; }},
      {"calls itself", [](Model& m) { m.ops[0].options.subgraph_a = 0; }},
      {"calls itself", [&](Model& m) { m.others[1].ops.push_back(loop); }},
      {"more than 32 deep",
       [](Model& m) {
         for (std::int32_t i = 1; i < 40; ++i) {
           Graph graph = Doubling("deep");
           graph.ops.push_back(
               {.code = OpCode::kIf,
                .inputs = {},
                .outputs = {},
                .options = {.subgraph_a = i + 1, .subgraph_b = i + 1}});
           m.others.insert(m.others.begin() + i - 1, graph);
         }
       }},
      {"subgraph 1: operator 0 ADD inputs",
       [](Model& m) { m.others[0].ops[0].inputs[0] = 7; }},
      {"signature 'once': subgraph 5 does not exist",
       [](Model& m) { m.signatures[1].subgraph = 5; }},
      {"signature 'once' outputs: 'y' is tensor 0",
       [](Model& m) { m.signatures[1].outputs[0].second = 0; }},
      {"signature 'once' inputs: 'x' is tensor 99",
       [](Model& m) { m.signatures[1].inputs[0].second = 99; }},
  };
  for (const Case& c : cases) {
    Model model = Branching();
    c.spoil(model);
    EXPECT_THAT(Reparse(model), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr(c.message)));
  }
}

// Many paths through few graphs are no work.
TEST(SubgraphTest, DeepDiamondsAreCheckedQuickly) {
  Model model = Branching();
  model.others.clear();
  model.signatures.clear();
  model.ops[0].options = {.subgraph_a = 1, .subgraph_b = 1};
  for (std::int32_t i = 1; i < 30; ++i) {
    Graph graph = Doubling("diamond");
    graph.ops.push_back(
        {.code = OpCode::kIf,
         .inputs = {},
         .outputs = {},
         .options = {.subgraph_a = i + 1, .subgraph_b = i + 1}});
    model.others.push_back(graph);
  }
  model.others.push_back(Doubling("last"));
  EXPECT_THAT(Reparse(model), IsOk());
}

TEST(SubgraphTest, ResourceVariablesAreNumberedByName) {
  Model model;
  const auto handle = [&](std::int32_t number) {
    model.tensors.push_back(Named("handle", ElementType::kResource, {0, {}}));
    model.ops.push_back(
        {.code = OpCode::kVarHandle,
         .inputs = {},
         .outputs = {static_cast<std::int32_t>(model.tensors.size()) - 1},
         .options = {.resource = number}});
  };
  for (const std::int32_t number : {4, 9, 4}) handle(number);
  const Model back = Reparse(model).value();
  EXPECT_EQ(back.num_resources, 2);
  EXPECT_EQ(back.ops[0].options.resource, 0);
  EXPECT_EQ(back.ops[1].options.resource, 1);
  EXPECT_EQ(back.ops[2].options.resource, 0);
}

TEST(SubgraphTest, VariablesMayBeReadBeforeTheyAreWrittenAndOften) {
  Model model;
  static_cast<Graph&>(model) = Doubling("main");
  model.tensors.push_back(Named("state", ElementType::kFloat32, {1, {4}}));
  model.tensors[2].is_variable = true;
  model.ops[0].inputs = {0, 2};
  model.tensors.push_back(Named("z", ElementType::kFloat32, {1, {4}}));
  model.ops.push_back(
      {.code = OpCode::kAdd, .inputs = {1, 2}, .outputs = {3}, .options = {}});
  model.outputs = {3};
  const Model back = Reparse(model).value();
  EXPECT_TRUE(back.tensors[2].is_variable);
  EXPECT_FALSE(back.tensors[3].is_variable);

  Model without = model;
  without.tensors[2].is_variable = false;
  EXPECT_THAT(Reparse(without), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("before it is written")));
  Model with_value = model;
  with_value.tensors[2].data = with_value.Keep(Bytes(16));
  EXPECT_THAT(Reparse(with_value),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("variable with a value")));
  Model input = model;
  input.inputs.push_back(2);
  EXPECT_THAT(Reparse(input), StatusIs(absl::StatusCode::kInvalidArgument,
                                       HasSubstr("a constant, a variable")));
}

TEST(SubgraphTest, SharedFilesOfSeveralGraphsLoad) {
  struct Case {
    const char* name;
    std::size_t graphs, signatures;
    std::int32_t resources;
  };
  for (const Case& c :
       {Case{"models/nested_while.tflite", 5, 0, 0},
        Case{"models/multi_signature.tflite", 3, 3, 0},
        Case{"models/call_once_mul.tflite", 2, 1, 1},
        Case{"models/okay_nabu_int8_variables.tflite", 2, 1, 6}}) {
    SOTTO_SHARED_DATA_OR_SKIP(path, c.name);
    const auto model = LoadModel(path, {.fold_weights_to_f32 = false});
    ASSERT_THAT(model, IsOk());
    EXPECT_EQ(model->num_graphs(), c.graphs);
    EXPECT_EQ(model->signatures.size(), c.signatures);
    EXPECT_EQ(model->num_resources, c.resources);
  }
}

}  // namespace
}  // namespace sotto::runtime
