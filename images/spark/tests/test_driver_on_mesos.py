# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in the real image on a real cluster: TLS with client certificates and authentication everywhere."""

import re
import ssl
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path

import pytest
from mesos_runtime.local_cluster import AgentSpec, Authentication, LocalCluster, Tls
from mesos_runtime.local_cluster.certificates import CertificateAuthority
from spark_testing.driver_container import HOST, USER, USER_ID, DriverContainer, containers_of, wait_until
from spark_testing.principal import Principal, make_principal, replace_stores

pytestmark = pytest.mark.system

JOB = Path(__file__).parent / "jobs" / "word_count.py"
SMALL = (
    *("--driver-memory", "512m", "--executor-memory", "512m"),
    *("--conf", "spark.cores.max=2", "--conf", "spark.executor.cores=1"),
    *("--conf", "spark.mesos.rejectOfferDuration=1s"),
)
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d) (INFO|WARN) ", re.MULTILINE)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    agents = [AgentSpec(host="127.0.0.1"), AgentSpec(host="127.0.0.2")]
    folder = tmp_path_factory.mktemp("cluster")
    with LocalCluster(folder, agents, tls=Tls(), authentication=Authentication(frameworks=(USER,))) as started:
        yield started


@pytest.fixture(scope="module")
def principal(cluster: LocalCluster) -> Principal:
    return make_principal(cluster, USER, USER_ID)


class Drivers:
    """Makes drivers of one cluster."""

    def __init__(self, image: str, cluster: LocalCluster, principal: Principal, folder: Path) -> None:
        self.image = image
        self.cluster = cluster
        self.principal = principal
        self.folder = folder

    def driver(self, arguments: Sequence[str], launch: int = 1) -> DriverContainer:
        environment = {
            "SPARK_MASTER": f"mesos://{self.cluster.master_address}",
            "SPARK_PRINCIPAL": self.principal.name,
            "SPARK_PRINCIPALS_FOLDER": str(self.principal.folder.parent),
        }
        made = DriverContainer(self.image, self.folder, arguments, environment, self.principal.folder, launch)
        made.give(JOB)
        return made


@pytest.fixture
def drivers(spark_image: str, cluster: LocalCluster, principal: Principal, tmp_path: Path) -> Drivers:
    return Drivers(spark_image, cluster, principal, tmp_path)


def frameworks(cluster: LocalCluster, key: str = "frameworks") -> dict[str, dict]:
    return {framework["name"]: framework for framework in cluster.master_get("/state")[key]}


def assert_ui_wants_a_certificate(cluster: LocalCluster, port: int) -> None:
    """The UI answers to a client with a certificate of the platform, and to nobody else."""
    assert cluster.authority is not None
    stranger, known = cluster.authority.client_context(), cluster.client_context()
    assert known is not None
    for context in (stranger, known):
        context.check_hostname = False  # the principal's certificate is not the host's
    with urllib.request.urlopen(f"https://{HOST}:{port}/jobs/", context=known, timeout=10) as page:
        assert page.status == 200 and b"Spark Jobs" in page.read()
    with pytest.raises(OSError, match=r"(?i)certificate|reset|closed"):
        urllib.request.urlopen(f"https://{HOST}:{port}/jobs/", context=stranger, timeout=10)
    with pytest.raises((OSError, HTTPException)):
        urllib.request.urlopen(f"http://{HOST}:{port}/jobs/", timeout=10)


def test_word_count_on_two_executors(drivers: Drivers, cluster: LocalCluster, principal: Principal) -> None:
    with drivers.driver([*SMALL, "word_count.py", "0", "3"]) as driver:
        driver.wait_for_result()
        framework = frameworks(cluster)[driver.run_id]
        assert framework["checkpoint"] and framework["principal"] == USER and framework["user"] == USER
        executors = containers_of(driver.run_id)
        assert driver.listening_ports() == sorted(driver.ports)
        assert_ui_wants_a_certificate(cluster, driver.ports[2])
        everything = str(cluster.master_get("/state")) + str(executors) + driver.log()

        assert driver.wait(60) == 0, driver.log()
        assert driver.read("exit_status") == "0\n"
        result = driver.result()
        assert (result["words"], result["three"], result["groups"]) == (8000, 1000, 10)
        assert result["executors"] == 2
        assert result["ui"] == f"https://{HOST}:{driver.ports[2]}"
        assert {"MESOS_TASK_ID", "MESOS_SANDBOX"} <= set(result["environment"])
        assert not {"MESOS_EXECUTOR_ID", "MESOS_FRAMEWORK_ID"} & set(result["environment"])
        assert len(LOG_LINE.findall(driver.log())) > 10

    assert {container["Config"]["User"] for container in executors} == {USER}
    assert {container["Config"]["Labels"]["job"] for container in executors} == {"test"}
    tasks = framework["tasks"]
    assert {agent["hostname"] for agent in cluster.master_get("/slaves")["slaves"]} == {"127.0.0.1", "127.0.0.2"}
    assert len(tasks) == 2
    assert {label["value"] for task in tasks for label in task["labels"]} == {"test", driver.run_id}
    for secret in principal.secrets:
        assert secret not in everything
    wait_until(lambda: driver.run_id not in frameworks(cluster), "the framework to be gone", 5)
    assert driver.run_id in frameworks(cluster, "completed_frameworks")


def test_ui_follows_its_certificate_and_its_authorities(
    drivers: Drivers, cluster: LocalCluster, principal: Principal, tmp_path: Path
) -> None:
    """Runs outlive certificates, and authorities: what Spark read at its start does not hold for ever."""
    assert cluster.authority is not None
    authority = CertificateAuthority(tmp_path / "authority", "Next CA")
    before, after = cluster.authority.issue("before", names=[USER]), authority.issue("after", names=[USER])

    def opens(context: ssl.SSLContext) -> bool:
        context.check_hostname = False
        try:
            with urllib.request.urlopen(f"https://{HOST}:{driver.ports[2]}/jobs/", context=context, timeout=10) as page:
                return page.status == 200
        except OSError:
            return False

    with drivers.driver([*SMALL, "word_count.py", "0", "120"]) as driver:
        driver.wait_for_result()
        # Trust comes first, so that whoever has followed is let in by whoever has not.
        assert not opens(cluster.authority.client_context(after))
        replace_stores(principal, before, [cluster.authority.certificate, authority.certificate])
        wait_until(lambda: opens(cluster.authority.client_context(after)), "the next authority to be trusted", 20)
        assert opens(cluster.authority.client_context(before))
        assert not opens(authority.client_context(after))

        replace_stores(principal, after, [authority.certificate])
        wait_until(lambda: opens(authority.client_context(after)), "the next authority's certificate", 20)
        assert not opens(authority.client_context(before))

        replace_stores(principal, before, [cluster.authority.certificate])  # as the other tests know it
        assert driver.log().count("The UI has read its certificate") >= 2


def test_status_of_a_failing_job(drivers: Drivers, cluster: LocalCluster) -> None:
    with drivers.driver([*SMALL, "sandbox:word_count.py", "3"]) as driver:
        assert driver.wait(150) == 3, driver.log()
        assert driver.read("exit_status") == "3\n"
        assert driver.result()["words"] == 8000
    wait_until(lambda: driver.run_id not in frameworks(cluster), "the framework to be gone", 5)


def test_termination_ends_the_job_and_its_executors(drivers: Drivers, cluster: LocalCluster) -> None:
    with drivers.driver([*SMALL, "word_count.py", "0", "600"]) as driver:
        driver.wait_for_result()
        driver.terminate()
        assert driver.wait(5) == 143, driver.log()
        assert driver.read("exit_status") == "143\n"
        wait_until(lambda: driver.run_id not in frameworks(cluster), "the framework to be gone", 5)
        wait_until(
            lambda: not any(container["State"]["Running"] for container in containers_of(driver.run_id)),
            "the executors to end",
            15,
        )


def test_a_second_launch_of_a_run_does_nothing(drivers: Drivers) -> None:
    with drivers.driver([*SMALL, "word_count.py"], launch=2) as driver:
        assert driver.wait(20) == 0
        assert f"run {driver.run_id} has been executed" in driver.log()
        assert not (driver.sandbox / "exit_status").exists()


def test_authentication_cannot_be_switched_off(drivers: Drivers) -> None:
    with drivers.driver(["--conf", "spark.authenticate=false", "word_count.py"]) as driver:
        assert driver.wait(20) == 2
        assert driver.read("exit_status") == "2\n"
        assert "setting spark.authenticate=false is not possible" in driver.log()
