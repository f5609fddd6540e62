// A whole secure-aggregation session with real clients and serialized messages,
// measured: clients run on all cores, the server's calls on the caller's
// thread.

#ifndef SOTTO_BENCH_SECURE_AGG_COHORT_H_
#define SOTTO_BENCH_SECURE_AGG_COHORT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "secure_agg/server_session.h"

namespace sotto::bench {

struct CohortParams {
  std::uint32_t clients = 0;  // n
  // Of them, so many fall silent once they have sent their shares.
  std::uint32_t dropped = 0;
  std::uint32_t length = 0;       // d
  std::uint32_t input_bits = 16;  // entries are below 2^input_bits
  double corrupted_fraction = 0;  // gamma
  double dropout_fraction = 0;    // delta
  std::uint32_t security_bits = 80;
  std::uint32_t correctness_bits = 30;
  bool complete_graph = false;
  unsigned threads = 1;  // for the clients
  // That take masks off; with more than one the server's seconds are those of
  // its own thread.
  unsigned workers = 1;
};

// Processor time of one side in each phase, seconds, of one thread.
struct PhaseSeconds {
  double advertise = 0, shares = 0, inputs = 0, consistency = 0, unmask = 0;

  double Total() const {
    return advertise + shares + inputs + consistency + unmask;
  }
};

struct CohortReport {
  std::uint32_t neighbours = 0, threshold = 0, bits = 0;
  double wall_seconds = 0;       // from the first advertisement to the sum
  double processor_seconds = 0;  // of all threads, meanwhile
  // In Receive*, Close and the making of replies.
  PhaseSeconds server;
  double server_close_seconds = 0;  // of that, the last Close: masks taken off
  double server_wire_seconds = 0;   // besides: parsing and serializing
  // Of each client that stayed to the end, parsing and serializing included.
  std::vector<PhaseSeconds> clients;
  double all_clients_seconds = 0;
  std::size_t client_up_bytes = 0, client_down_bytes = 0;  // the first such
  std::size_t client_proof_bytes = 0;  // in both (bench/proof_bytes.h)
  // The server's heap: after shares, what it keeps of them; the most during
  // inputs and the unmasking, above what was held before each; the most of all.
  std::size_t share_bytes = 0, input_bytes = 0, revealed_bytes = 0,
              masking_bytes = 0, peak_bytes = 0;
};

// Ends the process when a call fails or the sum is not exact.
CohortReport RunCohort(const CohortParams& params);

// Processor time of the calling thread.
double ThreadSeconds();

}  // namespace sotto::bench

#endif  // SOTTO_BENCH_SECURE_AGG_COHORT_H_
