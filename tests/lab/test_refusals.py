"""Bad input: one line that says what to do, and everything as it was before."""

import shutil

import pytest

import drawings
from lab import Host, program, run

FOREIGN_XDP = """
__attribute__((section("xdp"), used)) int foreign(void *context) { return 2; }
char _license[] __attribute__((section("license"), used)) = "GPL";
"""


def director(lab) -> Host:
    lab.switch("outside")
    return lab.host("director", outside="10.0.1.1/24", forwarding=True)


def attached(host):
    """Everything of BPF that is attached to the host's network."""
    return host.run("bpftool net show").stdout


def run_ballast(host, configuration=None):
    """Runs `ballast run`, which is to be refused, and returns its Outcome."""
    arguments = []
    if configuration is not None:
        path = host.directory / "refused.yaml"
        path.write_text(configuration)
        arguments = ["-c", str(path)]
    return host.run([program("ballast"), "run", *arguments], check=False, seconds=20)


def assert_refused(outcome, *words):
    """It failed, and its last line has all the words."""
    lines = outcome.stderr.strip().splitlines()
    assert outcome.status not in (0, 134, 139), outcome
    assert lines and all(word in lines[-1] for word in words), outcome


def test_a_second_daemon_on_one_instance_is_refused_and_the_first_one_stays(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast()
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-a -t 172.16.3.100:80 -r 192.168.1.10 -m")
    before = attached(net.director)
    assert_refused(run_ballast(net.director), "already", net.director.namespace)
    assert attached(net.director) == before
    assert net.client.curl("http://172.16.3.100/") == "rs1"
    assert lb.process.running()


def test_two_instances_live_side_by_side_in_two_namespaces(lab):
    lab.switch("lan")
    first = lab.host("first", lan="10.0.0.1/24").ballast()
    second = lab.host("second", lan="10.0.0.2/24").ballast()
    first.ipvsadm("-A -t 10.0.0.1:80 -s rr")
    second.ipvsadm("-A -t 10.0.0.2:80 -s wrr")
    assert list(first.table()) == ["TCP 10.0.0.1:80"]
    assert list(second.table()) == ["TCP 10.0.0.2:80"]


def test_someone_elses_xdp_program_is_left_alone(lab):
    host = director(lab)
    source = host.directory / "foreign.c"
    source.write_text(FOREIGN_XDP)
    run(["clang-19", "-O2", "-target", "bpf", "-c", str(source), "-o", str(host.directory / "foreign.o")])
    host.run(f"ip link set dev outside xdp obj {host.directory}/foreign.o sec xdp")
    before = attached(host)
    assert "foreign" in before or "xdp" in before
    host.deliver_complete_checksums()
    assert_refused(run_ballast(host, "director: {hook: xdp}\n"), "outside")
    assert attached(host) == before


def test_an_interface_that_does_not_exist_is_named(lab):
    host = director(lab)
    before = attached(host)
    assert_refused(run_ballast(host, "director: {interfaces: [outside, nosuch0]}\n"), "nosuch0")
    assert attached(host) == before


def test_without_root_it_says_which_privilege_is_missing(lab):
    host = director(lab)
    copy = lab.directory / "ballast"
    shutil.copy(program("ballast"), copy)
    copy.chmod(0o755)
    outcome = host.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", copy, "run"], check=False)
    assert_refused(outcome, "root")


@pytest.mark.parametrize(("configuration", "place", "words"), [
    ("director: {hoook: tc}\n", "refused.yaml:1", ["hoook", "hook"]),
    ("director:\n  hook: fast\n", "refused.yaml:2", ["fast", "xdp"]),
    ("director:\n  connections: many\n", "refused.yaml:2", ["many"]),
    ("pools:\n  web:\n    servers:\n      - {address: '10.0.0.300:80'}\n", "refused.yaml:4", ["10.0.0.300:80"]),
    ("services:\n  www:\n    listen: '10.0.1.1:80/tcp'\n    pool: wbe\npools: {web: {servers: []}}\n", "refused.yaml:4",
     ["wbe", "web"]),
    ("director: [\n", "refused.yaml:", []),
], ids=["unknown key", "unknown word", "not a number", "impossible address", "unknown pool", "not YAML"])
def test_a_wrong_configuration_is_refused_with_file_line_and_remedy(lab, configuration, place, words):
    host = director(lab)
    before = attached(host)
    assert_refused(run_ballast(host, configuration), place, *words)
    assert attached(host) == before
    checked = host.run([program("ballast"), "check", host.directory / "refused.yaml"], check=False)
    assert_refused(checked, place, *words)


def test_a_file_that_is_not_there_is_named(lab):
    host = director(lab)
    outcome = host.run([program("ballast"), "run", "-c", "/nonexistent/ballast.yaml"], check=False)
    assert_refused(outcome, "/nonexistent/ballast.yaml")


def test_ipvsadm_without_a_daemon_says_how_to_start_one(lab):
    host = director(lab)
    outcome = host.run([program("ipvsadm"), "-Ln"], check=False)
    assert outcome.status != 0
    assert "ballast run" in outcome.stderr
