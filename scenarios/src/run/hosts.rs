//! Targets of one scenario that are on one host: it sees their sum, so they share what it may get. This machine is nobody's in particular: targets
//! here have their limits each.

use super::system::System;
use crate::credentials::Turns;
use crate::target::{Limits, TargetFile};
use std::collections::BTreeSet;
use std::fmt;

/// What a target may get together with those that are on its host.
pub(super) struct Allowance<'a> {
    file: &'a TargetFile,
    /// The lowest that the files of those on its host say.
    pub(super) limits: Limits,
    /// Everybody there, the target included.
    pub(super) together: Vec<&'a TargetFile>,
}

impl Allowance<'_> {
    /// What its file says of it.
    pub(super) fn file(&self) -> &TargetFile {
        self.file
    }

    /// The names of the others on its host.
    fn beside(&self) -> Vec<&str> {
        let own = self.file.about.name.as_str();
        let names = self.together.iter().map(|file| file.about.name.as_str());
        names.filter(|name| *name != own).collect()
    }

    /// The same for the target when it has its turn, and the others do nothing.
    pub(super) fn alone(&self) -> Self {
        Self {
            file: self.file,
            limits: self.limits,
            together: vec![self.file],
        }
    }
}

/// The target's name, and those of the others on its host.
impl fmt::Display for Allowance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file.about.name)?;
        match &self.beside()[..] {
            [] => Ok(()),
            others => write!(f, " (with {}, on the same host)", others.join(", ")),
        }
    }
}

/// As far as the files alone say where the targets are.
pub(super) fn of_files(files: &[TargetFile]) -> Vec<Allowance<'_>> {
    let hosts: Vec<_> = files.iter().map(TargetFile::remote_hosts).collect();
    let limits: Vec<_> = files.iter().map(TargetFile::limits).collect();
    allowances(&files.iter().collect::<Vec<_>>(), &hosts, &limits)
}

/// Now that it is known where they are.
pub(super) fn of_systems(systems: &[System]) -> Vec<Allowance<'_>> {
    let files: Vec<_> = systems.iter().map(System::file).collect();
    allowances(&files, &hosts_of(systems), &limits_of(systems))
}

/// Lets targets that are on one host keep to its limits together: whoever asks any of them waits for the same turns.
pub(super) fn share(systems: &mut [System]) {
    let (groups, limits) = (groups(&hosts_of(systems)), limits_of(systems));
    for group in 0..systems.len() {
        let here = || (0..groups.len()).filter(|target| groups[*target] == group);
        if here().count() < 2 {
            continue;
        }
        let least = least(here().map(|target| limits[target]));
        let turns = Turns::of(least);
        here().for_each(|target| systems[target].limit(least, &turns));
    }
}

fn hosts_of(systems: &[System]) -> Vec<BTreeSet<String>> {
    let targets = systems.iter().map(System::target);
    targets.map(|target| target.remote_hosts()).collect()
}

fn limits_of(systems: &[System]) -> Vec<Limits> {
    let targets = systems.iter().map(System::target);
    targets.map(|target| target.limits).collect()
}

fn allowances<'a>(
    files: &[&'a TargetFile],
    hosts: &[BTreeSet<String>],
    limits: &[Limits],
) -> Vec<Allowance<'a>> {
    let groups = groups(hosts);
    let allowance = |target: usize| {
        let here = || (0..files.len()).filter(|other| groups[*other] == groups[target]);
        Allowance {
            file: files[target],
            limits: least(here().map(|other| limits[other])),
            together: here().map(|other| files[other]).collect(),
        }
    };
    (0..files.len()).map(allowance).collect()
}

fn least(limits: impl Iterator<Item = Limits>) -> Limits {
    limits.reduce(Limits::least).unwrap_or_default()
}

/// For each target, the number of its group: of those that share one of `hosts` with it, or with somebody of the group.
fn groups(hosts: &[BTreeSet<String>]) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..hosts.len()).collect();
    for one in 0..hosts.len() {
        for other in 0..one {
            if hosts[one].is_disjoint(&hosts[other]) {
                continue;
            }
            let (joins, joined) = (groups[one], groups[other]);
            let moved = groups.iter_mut().filter(|group| **group == joins);
            moved.for_each(|group| *group = joined);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::RunSettings;
    use crate::target::RemoteTargets;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// A target that runs already, at these hosts.
    fn system(name: &str, hosts: [&str; 2], limits: &str) -> System {
        let [login, api] = hosts;
        let text = format!(
            r#"
schema = "authbench.target/1"
name = "{name}"
model = "t"
[users]
count = 1
name = "u"
password = "p"
[limits]
{limits}
[[login]]
request = "POST http://{login}/"
expect = 200
[[point]]
name = "api"
request = "GET http://{api}/"
accept = {{ status = 200 }}
refuse = {{ status = 401 }}
"#
        );
        let file = TargetFile::parse("t.toml", &text, &BTreeMap::new()).expect("a target file");
        let settings = RunSettings {
            authbench: "authbench".into(),
            store_url: None,
            redis_server: None,
            require_real_redis: false,
            dir: std::env::temp_dir(),
            cpus: Vec::new(),
            allow_commands: false,
            remote: RemoteTargets::allowing(["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
            interrupted: tokio::sync::watch::channel(false).1,
        };
        System::start(file, &settings).expect("there is nothing to start")
    }

    #[test]
    fn whoever_is_on_one_host_waits_for_the_same_turns() {
        let here = "127.0.0.1:1";
        let mut systems = [
            system("a", [here, "192.0.2.1"], "requests_per_s = 100"),
            system(
                "b",
                ["192.0.2.1:81", "192.0.2.2"],
                "requests_per_s = 60\nlogins_per_s = 9",
            ),
            system("c", ["192.0.2.3", here], "logins_per_s = 1"),
            system("d", [here, here], "logins_per_s = 1"),
            system("e", [here, here], ""),
        ];
        share(&mut systems);
        let [a, b, c, d, e] = &systems;
        assert!(Arc::ptr_eq(a.login_limit(), b.login_limit()));
        let turns = |system: &System| system.target().turns.clone();
        assert!(Arc::ptr_eq(&turns(a).requests, &turns(b).requests));
        assert!(Arc::ptr_eq(&turns(a).admin_calls, &turns(b).admin_calls));
        for other in [c, d, e] {
            assert!(!Arc::ptr_eq(a.login_limit(), other.login_limit()));
        }
        assert!(!Arc::ptr_eq(d.login_limit(), e.login_limit()));
        let together = Limits {
            requests_per_s: Some(60),
            logins_per_s: Some(2),
            admin_calls_per_s: Some(1),
        };
        assert_eq!((a.target().limits, b.target().limits), (together, together));
        assert_eq!(c.target().limits.requests_per_s, Some(20));
        assert_eq!(e.target().limits, Limits::default());
        let named = |allowance: &Allowance<'_>| allowance.beside().join(" ");
        let beside: Vec<String> = of_systems(&systems).iter().map(named).collect();
        assert_eq!(beside, ["b", "a", "", "", ""]);
    }

    #[test]
    fn whoever_shares_a_host_is_in_one_group_by_way_of_a_third_too() {
        let hosts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let all = [
            hosts(&["a"]),
            hosts(&[]),
            hosts(&["b"]),
            hosts(&[]),
            hosts(&["c", "b"]),
            hosts(&["a", "c"]),
        ];
        assert_eq!(groups(&all), [2, 1, 2, 3, 2, 2]);
    }
}
