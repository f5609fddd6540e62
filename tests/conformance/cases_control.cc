// Control flow and resource variables: models of several subgraphs.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

// Makes `part` the next subgraph of `whole`; its number.
std::int32_t Append(CaseBuilder& whole, CaseBuilder part,
                    const std::string& name) {
  runtime::Model made = part.Take().model;
  runtime::Model& model = whole.model();
  made.name = name;
  model.others.push_back(std::move(static_cast<runtime::Graph&>(made)));
  model.storage.insert(model.storage.end(), made.storage.begin(),
                       made.storage.end());
  return static_cast<std::int32_t>(model.others.size());
}

CaseBuilder Scaled(const std::string& name, OpCode code, double by) {
  CaseBuilder graph(name);
  const std::int32_t x = graph.Add(Input(kF32, {2, 3}));
  const std::int32_t factor = graph.Add(Values(kF32, {}, {by}));
  const std::int32_t y = graph.Add(Output(kF32));
  graph.model().tensors.back().shape = {.rank = 2, .dims = {2, 3}};
  graph.Op(code, {x, factor}, {y});
  return graph;
}

Case If(bool condition) {
  CaseBuilder main(condition ? "if_true" : "if_false");
  const double value = condition ? 1 : 0;
  const std::int32_t chosen = main.Add(Input(kBool, {}, Range{value, value}));
  const std::int32_t x = main.Add(Input(kF32, {2, 3}));
  const std::int32_t y = main.Add(Output(kF32));
  main.model().tensors.back().shape = {.rank = 2, .dims = {2, 3}};
  Options options;
  options.subgraph_a = Append(main, Scaled("then", OpCode::kMul, 3), "then");
  options.subgraph_b = Append(main, Scaled("else", OpCode::kAdd, 7), "else");
  main.Op(OpCode::kIf, {chosen, x}, {y}, options);
  return main.Take();
}

// An operator that is given as a subgraph.
Case Composite() {
  CaseBuilder main("stablehlo_composite");
  const std::int32_t x = main.Add(Input(kF32, {2, 3}));
  const std::int32_t y = main.Add(Output(kF32));
  main.model().tensors.back().shape = {.rank = 2, .dims = {2, 3}};
  Options options;
  options.subgraph_a = Append(main, Scaled("by", OpCode::kMul, 3), "by");
  main.Op(OpCode::kStablehloComposite, {x}, {y}, options);
  return main.Take();
}

// while (i < 5) { i += 1; x *= 1.5; }
Case While() {
  CaseBuilder condition("condition");
  std::int32_t i = condition.Add(Input(kI32, {}));
  condition.Add(Input(kF32, {2, 2}));
  const std::int32_t limit = condition.Add(Values(kI32, {}, {5}));
  const std::int32_t more = condition.Add(Output(kBool));
  condition.Op(OpCode::kLess, {i, limit}, {more});

  CaseBuilder body("body");
  i = body.Add(Input(kI32, {}));
  std::int32_t x = body.Add(Input(kF32, {2, 2}));
  const std::int32_t one = body.Add(Values(kI32, {}, {1}));
  const std::int32_t factor = body.Add(Values(kF32, {}, {1.5}));
  const std::int32_t next = body.Add(Output(kI32));
  const std::int32_t grown = body.Add(Output(kF32));
  body.model().tensors.back().shape = {.rank = 2, .dims = {2, 2}};
  body.Op(OpCode::kAdd, {i, one}, {next});
  body.Op(OpCode::kMul, {x, factor}, {grown});

  CaseBuilder main("while_counted");
  i = main.Add(Input(kI32, {}, Range{0, 3}));
  x = main.Add(Input(kF32, {2, 2}));
  const std::int32_t count = main.Add(Output(kI32));
  const std::int32_t y = main.Add(Output(kF32));
  main.model().tensors.back().shape = {.rank = 2, .dims = {2, 2}};
  Options options;
  options.subgraph_a = Append(main, std::move(condition), "condition");
  options.subgraph_b = Append(main, std::move(body), "body");
  main.Op(OpCode::kWhile, {i, x}, {count, y}, options);
  main.Invocations(2);
  return main.Take();
}

// A variable set once, then added to at every invocation.
Case Variables() {
  Options variable;
  variable.resource = 0;
  CaseBuilder init("init");
  std::int32_t handle = init.Between(ElementType::kResource);
  const std::int32_t start = init.Add(Values(kF32, {3}, {1, 2, 4}));
  init.Op(OpCode::kVarHandle, {}, {handle}, variable);
  init.Op(OpCode::kAssignVariable, {handle, start}, {});

  CaseBuilder main("variable_sum");
  const std::int32_t x = main.Add(Input(kF32, {3}));
  handle = main.Between(ElementType::kResource);
  const std::int32_t old = main.Between(kF32);
  const std::int32_t sum = main.Add(Output(kF32));
  for (const std::int32_t t : {old, sum}) {
    main.model().tensors[static_cast<std::size_t>(t)].shape = {.rank = 1,
                                                               .dims = {3}};
  }
  Options once;
  once.subgraph_a = Append(main, std::move(init), "init");
  main.model().num_resources = 1;
  main.Op(OpCode::kCallOnce, {}, {}, once);
  main.Op(OpCode::kVarHandle, {}, {handle}, variable);
  main.Op(OpCode::kReadVariable, {handle}, {old});
  main.Op(OpCode::kAdd, {old, x}, {sum});
  main.Op(OpCode::kAssignVariable, {handle, sum}, {});
  main.Invocations(4);
  return main.Take();
}

}  // namespace

std::vector<Case> ControlCases() {
  return {If(true), If(false), Composite(), While(), Variables()};
}

}  // namespace sotto::conformance
