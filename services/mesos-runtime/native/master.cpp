// SPDX-License-Identifier: GPL-3.0-or-later
//
// mesos-master: builds the master's parts from the library and runs them.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include "flags.hpp"
#include "messages.hpp"
#include "startup.hpp"

namespace {

extern "C" {
void master_flags_construct(void*) LIBRARY_SYMBOL("_ZN5mesos8internal6master5FlagsC1Ev");
void allocator_construct(void*) LIBRARY_SYMBOL(
    "_ZN5mesos8internal6master9allocator14MesosAllocatorINS2_28HierarchicalAllocatorProcessINS2_"
    "9DRFSorterES5_EEEC1Ev");
void memory_storage_construct(void*) LIBRARY_SYMBOL("_ZN5mesos5state15InMemoryStorageC1Ev");
void log_storage_construct(void*, void* log, size_t diffsBetweenSnapshots)
    LIBRARY_SYMBOL("_ZN5mesos5state10LogStorageC1EPNS_3log3LogEm");
void log_construct(void*, int quorum, const std::string& path, const std::set<char>& replicas, bool autoInitialize,
                   const OptionalString& metricsPrefix)
    LIBRARY_SYMBOL("_ZN5mesos3log3LogC1EiRK" MANGLED_STRING
                   "RKSt3setIN7process4UPIDESt4lessISC_ESaISC_EEbRK6OptionIS7_E");
void log_construct_with_zookeeper(void*, int quorum, const std::string& path, const std::string& servers,
                                  const Duration& timeout, const std::string& znode, const void* authentication,
                                  bool autoInitialize, const OptionalString& metricsPrefix)
    LIBRARY_SYMBOL("_ZN5mesos3log3LogC1EiRK" MANGLED_STRING
                   "S9_RK8DurationS9_RK6OptionIN9zookeeper14AuthenticationEEbRKSD_IS7_E");
void zookeeper_url_parse(void*, const std::string&) LIBRARY_SYMBOL("_ZN9zookeeper3URL5parseERK" MANGLED_STRING);
extern char state_vtable[] LIBRARY_SYMBOL("_ZTVN5mesos5state8protobuf5StateE");
extern char master_info_vtable[] LIBRARY_SYMBOL("_ZTVN5mesos10MasterInfoE");
void registrar_construct(void*, void* flags, void* state, const OptionalString& realm)
    LIBRARY_SYMBOL("_ZN5mesos8internal6master9RegistrarC1ERKNS1_5FlagsEPNS_5state5StateERK6OptionI" MANGLED_STRING "E");
void contender_create(Try<void*>*, const OptionalString& zookeeper, const OptionalString& module,
                      const Option<Duration>&)
    LIBRARY_SYMBOL("_ZN5mesos6master9contender15MasterContender6createERK6OptionI" MANGLED_STRING "ESC_RKS3_I8DurationE");
void detector_create(Try<void*>*, const OptionalString& zookeeper, const OptionalString& module,
                     const Option<Duration>&)
    LIBRARY_SYMBOL("_ZN5mesos6master8detector14MasterDetector6createERK6OptionI" MANGLED_STRING "ESC_RKS3_I8DurationE");
void appoint(void* detector, const void* optionalMasterInfo)
    LIBRARY_SYMBOL("_ZN5mesos6master8detector24StandaloneMasterDetector7appointERK6OptionINS_10MasterInfoEE");
void master_info_copy(void*, const void*) LIBRARY_SYMBOL("_ZN5mesos10MasterInfoC1ERKS0_");
void rate_limiter_construct(void*, int permits, const Duration*)
    LIBRARY_SYMBOL("_ZN7process11RateLimiterC1EiRK8Duration");
void duration_parse(Try<Duration>*, const std::string&) LIBRARY_SYMBOL("_ZN8Duration5parseERK" MANGLED_STRING);
void files_construct(void*, const OptionalString& realm, const Option<void*>& authorizer)
    LIBRARY_SYMBOL("_ZN5mesos8internal5FilesC1ERK6OptionI" MANGLED_STRING "ERKS2_IPNS_10AuthorizerEE");
void master_construct(void*, void* allocator, void* registrar, void* files, void* contender, void* detector,
                      const Option<void*>& authorizer, const Option<std::shared_ptr<void>>& agentRemovalLimiter,
                      void* flags)
    LIBRARY_SYMBOL(
        "_ZN5mesos8internal6master6MasterC1EPNS_9allocator9AllocatorEPNS1_9RegistrarEPNS0_5FilesEPNS_6master9contender"
        "15MasterContenderEPNSA_8detector14MasterDetectorERK6OptionIPNS_10AuthorizerEERKSH_ISt10shared_ptrIN7process"
        "11RateLimiterEEERKNS1_5FlagsE");
}

const std::string kRealm = "mesos-master";

struct ZookeeperUrl {
  Option<std::pair<std::string, std::string>> authentication;
  std::string servers;
  std::string path;
};

void* makeAllocator(const Flags& flags) {
  std::string name = flags.text("allocator");
  if (name != "hierarchical" && name != "HierarchicalDRF") {
    fail("--allocator=" + name + ": this build has the hierarchical allocator only");
  }
  for (const char* sorter : {"role_sorter", "framework_sorter"}) {
    if (flags.text(sorter) != "drf") fail(std::string("--") + sorter + ": this build has drf only");
  }
  void* allocator = storage();
  allocator_construct(allocator);
  return allocator;
}

void* makeReplicatedLog(const Flags& flags, const OptionalString& zookeeper) {
  if (!flags.isGiven("work_dir")) fail("--registry=replicated_log needs --work_dir");
  std::filesystem::path folder = flags.text("work_dir");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail("--work_dir=" + folder.string() + ": " + error.message());
  std::string path = folder / "replicated_log";
  bool autoInitialize = flags.isOn("log_auto_initialize");
  OptionalString metrics(std::string("registrar/"));
  void* log = storage(4096);
  if (!zookeeper.isSome()) {
    log_construct(log, 1, path, *new std::set<char>, autoInitialize, metrics);
    return log;
  }
  if (!flags.isGiven("quorum")) fail("--zk with --registry=replicated_log needs --quorum");
  auto* url = new Try<ZookeeperUrl>;
  zookeeper_url_parse(url, zookeeper.get());
  if (url->isError()) fail("--zk: " + url->error());
  std::string znode = url->get().path;
  if (znode.empty() || znode.back() != '/') znode += '/';
  log_construct_with_zookeeper(log, atoi(flags.text("quorum").c_str()), path, url->get().servers,
                               flags.duration("zk_session_timeout"), znode + "log_replicas",
                               &url->get().authentication, autoInitialize, metrics);
  return log;
}

void* makeRegistrar(const Flags& flags, const OptionalString& zookeeper) {
  void* registryStorage = storage(4096);
  std::string registry = flags.text("registry");
  if (registry == "in_memory") {
    memory_storage_construct(registryStorage);
  } else if (registry == "replicated_log" || registry == "log_storage") {
    log_storage_construct(registryStorage, makeReplicatedLog(flags, zookeeper), 0);
  } else {
    fail("--registry=" + registry + ": not known (replicated_log or in_memory)");
  }
  // The state class has no exported constructor: it is its vtable and the storage.
  void** state = static_cast<void**>(storage(64));
  state[0] = state_vtable + 2 * sizeof(void*);
  state[1] = registryStorage;
  void* registrar = storage();
  registrar_construct(registrar, flags.object(), state, kRealm + "-readonly");
  return registrar;
}

Option<std::shared_ptr<void>> makeAgentRemovalLimiter(const Flags& flags) {
  if (!flags.isGiven("agent_removal_rate_limit")) return {};
  std::string text = flags.text("agent_removal_rate_limit");
  size_t slash = text.find('/');
  char* end = nullptr;
  long permits = strtol(text.c_str(), &end, 10);
  if (slash == std::string::npos || end != text.c_str() + slash) {
    fail("--agent_removal_rate_limit=" + text + ": give COUNT/DURATION, as in 1/10mins");
  }
  Try<Duration> duration;
  duration_parse(&duration, text.substr(slash + 1));
  if (duration.isError()) fail("--agent_removal_rate_limit=" + text + ": " + duration.error());
  void* limiter = storage(65536);
  rate_limiter_construct(limiter, static_cast<int>(permits), &duration.get());
  return Option<std::shared_ptr<void>>(std::shared_ptr<void>(limiter, [](void*) {}));
}

// Without ZooKeeper this master is the leader: tell the detector the master's own info, found by its vtable.
void appointSelf(void* master, void* detector) {
  const size_t searched = 65536;
  const char* vtable = master_info_vtable + 2 * sizeof(void*);
  for (char* at = static_cast<char*>(master); at < static_cast<char*>(master) + searched; at += sizeof(void*)) {
    if (*reinterpret_cast<const char**>(at) != vtable) continue;
    char* optional = static_cast<char*>(storage(4096));
    master_info_copy(optional + 8, at);
    appoint(detector, optional);
    return;
  }
  fail("internal: the master's info was not found");
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags(master_flags_construct);
  parseAndLog(flags, argc, argv, "mesos-master");
  OptionalString zookeeper = flags.fileOrText("zk");
  OptionalString contenderModule = flags.find("master_contender");
  OptionalString detectorModule = flags.find("master_detector");
  if (zookeeper.isSome() && (contenderModule.isSome() || detectorModule.isSome())) {
    fail("--zk excludes --master_contender and --master_detector");
  }
  if (contenderModule.isSome() != detectorModule.isSome()) {
    fail("--master_contender and --master_detector go together");
  }
  startProcessLibrary(flags, "master", kRealm);

  void* allocator = makeAllocator(flags);
  void* registrar = makeRegistrar(flags, zookeeper);
  Try<void*> contender, detector;
  Option<Duration> sessionTimeout(flags.duration("zk_session_timeout"));
  contender_create(&contender, zookeeper, contenderModule, sessionTimeout);
  if (contender.isError()) fail("cannot contend for leadership: " + contender.error());
  detector_create(&detector, zookeeper, detectorModule, sessionTimeout);
  if (detector.isError()) fail("cannot detect the leader: " + detector.error());

  std::string authorizers = flags.text("authorizers");
  if (authorizers.empty() || authorizers.find(',') != std::string::npos) {
    fail("--authorizers=" + authorizers + ": give exactly one");
  }
  Option<void*> authorizer = makeAuthorizer(flags, authorizers);
  void* files = storage();
  files_construct(files, kRealm + "-readonly", authorizer);

  void* master = storage(1 << 20);
  master_construct(master, allocator, registrar, files, contender.get(), detector.get(), authorizer,
                   makeAgentRemovalLimiter(flags), flags.object());
  if (!zookeeper.isSome() && !detectorModule.isSome()) appointSelf(master, detector.get());
  waitForEver(spawn(virtualBase(master), false));
}
