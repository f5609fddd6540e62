#include "runtime/delegates/xnnpack/xnnpack_delegate.h"

#include <cstdio>
#include <memory>
#include <vector>

#include "runtime/delegates/xnnpack/xnn_graph.h"

namespace sotto::runtime::xnnpack {
namespace {

void Say(SottoDelegateMessage* message, const char* text) {
  std::snprintf(message->text, sizeof(message->text), "%s", text);
}

struct Part {
  Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() {
    if (runtime != nullptr) xnn_delete_runtime(runtime);
    if (pool != nullptr) pthreadpool_destroy(pool);
  }
  pthreadpool_t pool = nullptr;
  xnn_runtime_t runtime = nullptr;
  std::size_t num_inputs = 0;
  std::vector<xnn_external_value> external;
};

// Null on refusal.
std::unique_ptr<Part> Compile(const SottoDelegatePart& in, Refusal* refusal) {
  const auto inputs = static_cast<std::uint32_t>(in.num_inputs);
  const auto outputs = static_cast<std::uint32_t>(in.num_outputs);
  XnnGraph graph(in.tensors, in.num_tensors, inputs + outputs);
  auto part = std::make_unique<Part>();
  part->num_inputs = inputs;
  for (std::uint32_t i = 0; i < inputs + outputs; ++i) {
    const bool is_input = i < inputs;
    *refusal =
        graph.SetExternal(is_input ? in.inputs[i] : in.outputs[i - inputs], i,
                          is_input ? XNN_VALUE_FLAG_EXTERNAL_INPUT
                                   : XNN_VALUE_FLAG_EXTERNAL_OUTPUT);
    if (*refusal != nullptr) return nullptr;
    part->external.push_back({.id = i, .data = nullptr});
  }
  for (std::int32_t i = 0; i < in.num_ops; ++i) {
    *refusal = graph.Add(in.ops[i]);
    if (*refusal != nullptr) return nullptr;
  }
  if (in.num_threads > 1) {
    part->pool = pthreadpool_create(static_cast<std::size_t>(in.num_threads));
  }
  if (xnn_create_runtime_v2(graph.get(), part->pool, 0, &part->runtime) !=
      xnn_status_success) {
    part->runtime = nullptr;
    *refusal = "XNNPACK does not compile the part";
    return nullptr;
  }
  return part;
}

void* Create(const char*, SottoDelegateMessage* message) {
  static int instance = 0;  // XNNPACK counts its own initialisations
  if (xnn_initialize(nullptr) != xnn_status_success) {
    Say(message, "XNNPACK does not support this processor");
    return nullptr;
  }
  return &instance;
}

void Destroy(void*) { (void)xnn_deinitialize(); }

// The only sure answer is XNNPACK's own: a graph of the one operator.
std::int32_t Supports(void*, const SottoDelegateTensor* tensors,
                      std::int32_t num_tensors, const SottoDelegateOp* op,
                      SottoDelegateMessage* message) {
  std::vector<std::int32_t> inputs;
  for (std::int32_t i = 0; i < op->num_inputs; ++i) {
    const std::int32_t t = op->inputs[i];
    if (t >= 0 && tensors[t].data == nullptr) inputs.push_back(t);
  }
  const SottoDelegatePart part = {
      .struct_size = sizeof(SottoDelegatePart),
      .tensors = tensors,
      .num_tensors = num_tensors,
      .ops = op,
      .num_ops = 1,
      .inputs = inputs.data(),
      .num_inputs = static_cast<std::int32_t>(inputs.size()),
      .outputs = op->outputs,
      .num_outputs = op->num_outputs,
      .num_threads = 1};
  Refusal refusal = nullptr;
  const std::unique_ptr<Part> compiled = Compile(part, &refusal);
  if (compiled != nullptr) return 1;
  Say(message, refusal);
  return 0;
}

void* Prepare(void*, const SottoDelegatePart* part,
              SottoDelegateMessage* message) {
  Refusal refusal = nullptr;
  std::unique_ptr<Part> compiled = Compile(*part, &refusal);
  if (compiled == nullptr) Say(message, refusal);
  return compiled.release();
}

std::int32_t Invoke(void* opaque, const void* const* inputs,
                    void* const* outputs, SottoDelegateMessage* message) {
  Part& part = *static_cast<Part*>(opaque);
  bool moved = false;
  for (std::size_t i = 0; i < part.external.size(); ++i) {
    void* const data = i < part.num_inputs ? const_cast<void*>(inputs[i])
                                           : outputs[i - part.num_inputs];
    moved = moved || part.external[i].data != data;
    part.external[i].data = data;
  }
  if (moved && xnn_setup_runtime(part.runtime, part.external.size(),
                                 part.external.data()) != xnn_status_success) {
    Say(message, "XNNPACK does not accept the buffers");
    return 13;
  }
  if (xnn_invoke_runtime(part.runtime) != xnn_status_success) {
    Say(message, "XNNPACK failed");
    return 13;
  }
  return 0;
}

void Release(void* part) { delete static_cast<Part*>(part); }

constexpr SottoDelegate kDelegate = {.abi_version = SOTTO_DELEGATE_ABI_VERSION,
                                     .struct_size = sizeof(SottoDelegate),
                                     .name = "xnnpack",
                                     .create = Create,
                                     .destroy = Destroy,
                                     .supports = Supports,
                                     .cost = nullptr,
                                     .prepare = Prepare,
                                     .invoke = Invoke,
                                     .release = Release};

}  // namespace
}  // namespace sotto::runtime::xnnpack

const SottoDelegate* SottoXnnpackDelegate(void) {
  return &sotto::runtime::xnnpack::kDelegate;
}
