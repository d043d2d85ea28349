// SPDX-License-Identifier: GPL-3.0-or-later
//
// mesos-agent: builds the agent's parts from the library and runs them.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "agent_cgroups.hpp"
#include "agent_environment.hpp"
#include "executor_socket.hpp"
#include "flags.hpp"
#include "messages.hpp"
#include "pending_future_tracker.hpp"
#include "startup.hpp"

namespace {

extern "C" {
void agent_flags_construct(void*) LIBRARY_SYMBOL("_ZN5mesos8internal5slave5FlagsC1Ev");
void fetcher_construct(void*, void* flags) LIBRARY_SYMBOL("_ZN5mesos8internal5slave7FetcherC1ERKNS1_5FlagsE");
void garbage_collector_construct(void*, const std::string& workFolder)
    LIBRARY_SYMBOL("_ZN5mesos8internal5slave16GarbageCollectorC1ERK" MANGLED_STRING);
void secret_resolver_create(Try<void*>*, const OptionalString& module)
    LIBRARY_SYMBOL("_ZN5mesos14SecretResolver6createERK6OptionI" MANGLED_STRING "E");
void volume_gid_manager_create(Try<void*>*, void* flags)
    LIBRARY_SYMBOL("_ZN5mesos8internal5slave16VolumeGidManager6createERKNS1_5FlagsE");
void token_generator_construct(void*, const std::string& key)
    LIBRARY_SYMBOL("_ZN5mesos14authentication8executor18JWTSecretGeneratorC1ERK" MANGLED_STRING);
void containerizer_create(Try<void*>*, void* flags, bool local, void* fetcher, void* garbageCollector,
                          void* secretResolver, void* volumeGidManager, void* tracker, void* csiServer)
    LIBRARY_SYMBOL(
        "_ZN5mesos8internal5slave13Containerizer6createERKNS1_5FlagsEbPNS1_7FetcherEPNS1_16GarbageCollectorEPNS_14Secret"
        "ResolverEPNS1_16VolumeGidManagerEPNS0_20PendingFutureTrackerEPNS1_9CSIServerE");
void detector_create(Try<void*>*, const OptionalString& master, const OptionalString& module, const Option<Duration>&)
    LIBRARY_SYMBOL("_ZN5mesos6master8detector14MasterDetector6createERK6OptionI" MANGLED_STRING "ESC_RKS3_I8DurationE");
void files_construct(void*, const OptionalString& realm, const Option<void*>& authorizer)
    LIBRARY_SYMBOL("_ZN5mesos8internal5FilesC1ERK6OptionI" MANGLED_STRING "ERKS2_IPNS_10AuthorizerEE");
void update_manager_construct(void*, void* flags)
    LIBRARY_SYMBOL("_ZN5mesos8internal5slave23TaskStatusUpdateManagerC1ERKNS1_5FlagsE");
void resource_estimator_create(Try<void*>*, const OptionalString& module)
    LIBRARY_SYMBOL("_ZN5mesos5slave17ResourceEstimator6createERK6OptionI" MANGLED_STRING "E");
void qos_controller_create(Try<void*>*, const OptionalString& module)
    LIBRARY_SYMBOL("_ZN5mesos5slave13QoSController6createERK6OptionI" MANGLED_STRING "E");
void agent_construct(void*, const std::string& id, void* flags, void* detector, void* containerizer, void* files,
                     void* garbageCollector, void* updateManager, void* resourceEstimator, void* qosController,
                     void* tokenGenerator, void* volumeGidManager, void* tracker, std::shared_ptr<void>&& csiServer,
                     const Option<std::shared_ptr<void>>& executorSocket, const Option<void*>& authorizer)
    LIBRARY_SYMBOL(
        "_ZN5mesos8internal5slave5SlaveC1ERK" MANGLED_STRING
        "RKNS1_5FlagsEPNS_6master8detector14MasterDetectorEPNS1_13ContainerizerEPNS0_5FilesEPNS1_16GarbageCollectorE"
        "PNS1_23TaskStatusUpdateManagerEPNS_5slave17ResourceEstimatorEPNSQ_13QoSControllerEPNS_15SecretGeneratorE"
        "PNS1_16VolumeGidManagerEPNS0_20PendingFutureTrackerEON7process5OwnedINS1_9CSIServerEEERK6OptionINS11_7network8"
        "internal6SocketINS17_4unix7AddressEEEERKS16_IPNS_10AuthorizerEE");
}

const std::string kRealm = "mesos-agent";

void checkFlags(const Flags& flags, const OptionalString& master) {
  bool module = flags.isGiven("master_detector");
  if (!master.isSome() && !module) fail("--master or --master_detector is needed");
  if (master.isSome() && module) fail("--master and --master_detector exclude each other");
  for (const char* name : {"ip6_discovery_command", "csi_plugin_config_dir"}) {
    if (flags.isGiven(name)) fail(std::string("--") + name + " is not supported by this build");
  }
}

// The result of a factory; ends the process if it failed.
void* get(const Try<void*>& made, const std::string& what) {
  if (made.isError()) fail(what + ": " + made.error());
  return made.get();
}

// Makes the executors' tokens; none without --jwt_secret_key.
void* makeTokenGenerator(const Flags& flags) {
  if (!flags.isGiven("jwt_secret_key")) return nullptr;
  std::string path = flags.text("jwt_secret_key");
  const std::string scheme = "file://";
  if (path.compare(0, scheme.size(), scheme) == 0) path = path.substr(scheme.size());
  std::ifstream file(path);
  if (!file) fail("--jwt_secret_key=" + path + ": cannot be read");
  std::stringstream key;
  key << file.rdbuf();
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
    logWarning("--jwt_secret_key: " + path + " is open to other users; take their permissions away (chmod o-rwx)");
  }
  void* generator = storage(4096);
  token_generator_construct(generator, key.str());
  return generator;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags(agent_flags_construct);
  parseAndLog(flags, argc, argv, "mesos-agent");
  OptionalString master = flags.fileOrText("master");
  checkFlags(flags, master);
  if (flags.isGiven("ip6")) setenv("LIBPROCESS_IP6", flags.text("ip6").c_str(), 1);
  enterAgentCgroups(flags);
  std::string id = newProcessId("slave");
  startProcessLibrary(flags, id, kRealm);
  initializeSystemd(flags);

  void* fetcher = storage();
  fetcher_construct(fetcher, flags.object());
  void* garbageCollector = storage();
  garbage_collector_construct(garbageCollector, flags.text("work_dir"));
  Try<void*> secretResolver, volumeGidManager, containerizer, detector, resourceEstimator, qosController;
  secret_resolver_create(&secretResolver, flags.find("secret_resolver"));
  get(secretResolver, "--secret_resolver");
  void* gidManager = nullptr;
  if (flags.isGiven("volume_gid_range")) {
    volume_gid_manager_create(&volumeGidManager, flags.object());
    gidManager = get(volumeGidManager, "--volume_gid_range");
  }
  void* tracker = makePendingFutureTracker();
  void* tokenGenerator = makeTokenGenerator(flags);
  containerizer_create(&containerizer, flags.object(), false, fetcher, garbageCollector, secretResolver.get(),
                       gidManager, tracker, nullptr);
  get(containerizer, "--containerizers");
  detector_create(&detector, master, flags.find("master_detector"),
                  Option<Duration>(flags.duration("zk_session_timeout")));
  get(detector, "--master");
  Option<void*> authorizer = makeAuthorizer(flags, flags.text("authorizer"));
  void* files = storage();
  files_construct(files, kRealm + "-readonly", authorizer);
  void* updateManager = storage();
  update_manager_construct(updateManager, flags.object());
  Option<std::shared_ptr<void>> executorSocket = makeExecutorSocket(flags);
  resource_estimator_create(&resourceEstimator, flags.find("resource_estimator"));
  qos_controller_create(&qosController, flags.find("qos_controller"));

  void* agent = storage(1 << 20);
  agent_construct(agent, id, flags.object(), detector.get(), containerizer.get(), files, garbageCollector,
                  updateManager, get(resourceEstimator, "--resource_estimator"),
                  get(qosController, "--qos_controller"), tokenGenerator, gidManager, tracker,
                  std::shared_ptr<void>(), executorSocket, authorizer);
  void* process = spawn(virtualBase(agent), false);
  setExecutorEnvironment(flags, processAddress(process));
  waitForEver(process);
}
