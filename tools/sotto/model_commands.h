// The parts of `sotto model`, one a file.

#ifndef SOTTO_TOOLS_SOTTO_MODEL_COMMANDS_H_
#define SOTTO_TOOLS_SOTTO_MODEL_COMMANDS_H_

#include <CLI/CLI.hpp>

namespace sotto::tools {

void AddModelInspect(CLI::App& model);
void AddModelRun(CLI::App& model);
void AddModelBench(CLI::App& model);
void AddModelClassify(CLI::App& model);
void AddModelEstimate(CLI::App& model);  // and measure-device
void AddModelEvaluate(CLI::App& model);
void AddModelMicro(CLI::App& model);
void AddModelOperators(CLI::App& model);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_MODEL_COMMANDS_H_
