//! One of three resource servers is killed, paused or cut off while accounts are disabled. When it is back it accepts none of them for longer than
//! its bound allows, whatever it remembers, and whatever waited in its sockets meanwhile.

mod relay;
mod system;
mod watch;

use authbench_servers::store::StartedStore;
use std::time::{Duration, Instant};
use system::System;
use watch::{Caller, Watch};

/// Accounts that are disabled in each disturbance.
const DISABLED: usize = 20;
/// Between two of them.
const APART: Duration = Duration::from_millis(25);
/// A server that was disturbed is expected back within this.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// What resource servers remember, and how long they may believe it.
struct Variant {
    model: &'static str,
    /// Options of all its servers.
    both: &'static [&'static str],
    /// Options of the resource servers only.
    resource: &'static [&'static str],
    bound: Duration,
}

const PUSH: &[&str] = &["--revocation", "denylist-push", "--push-staleness", "1s"];

#[derive(Clone, Copy, Debug)]
enum Disturbance {
    /// SIGKILL; started again later.
    Kill,
    /// SIGSTOP; continued later.
    Pause,
    /// Nothing passes between it and store and authorization server; connections stay open.
    CutOff,
}

const ALL: [Disturbance; 3] = [Disturbance::Kill, Disturbance::Pause, Disturbance::CutOff];

fn none_is_accepted_beyond_the_bound(variant: &Variant) {
    for disturbance in ALL {
        let watch = disturb(variant, disturbance);
        let late = watch.accepted_beyond(variant.bound);
        assert!(late.is_empty(), "{disturbance:?}: {late:#?}");
    }
}

/// Disturbs the third server while accounts are disabled, until half a bound after the last bound has passed.
fn disturb(variant: &Variant, disturbance: Disturbance) -> Watch {
    let kind = StartedStore::kinds_here().into_iter().next_back();
    let store = StartedStore::start(kind.expect("one is built in")).expect("a store");
    let mut system = System::start(variant, &store);
    let callers: Vec<Caller> = (1..=DISABLED + 1)
        .map(|user| system.log_in(&format!("user-{user:05}")))
        .collect();
    let mut watch = Watch::begin(system.resource_servers(), &callers);
    watch.everybody_is_accepted();

    system.disturb(disturbance);
    for (index, caller) in callers.iter().enumerate().take(DISABLED) {
        system.disable(&caller.user);
        watch.disabled(index);
        std::thread::sleep(APART);
    }
    std::thread::sleep(variant.bound.mul_f64(1.5) + Duration::from_millis(200));
    system.restore(disturbance);
    let back = Instant::now();

    // The last caller was left alone: who accepts it works again.
    watch.until_accepted_at_third(DISABLED, back, BACK_WITHIN);
    std::thread::sleep(Duration::from_secs(1));
    watch.end();
    assert!(
        watch.answers_to_the_disabled_since(back) >= DISABLED,
        "{disturbance:?}: nobody asked"
    );
    watch
}

#[test]
fn a_pushed_deny_list_in_memory() {
    none_is_accepted_beyond_the_bound(&Variant {
        model: "jwt",
        both: PUSH,
        resource: &[],
        bound: Duration::from_secs(1),
    });
}

#[test]
fn a_pushed_deny_list_beside_refresh_tokens() {
    none_is_accepted_beyond_the_bound(&Variant {
        model: "hybrid",
        both: PUSH,
        resource: &[],
        bound: Duration::from_secs(1),
    });
}

#[test]
fn introspection_answers_that_are_remembered_until_the_stream_says_otherwise() {
    none_is_accepted_beyond_the_bound(&Variant {
        model: "opaque",
        both: PUSH,
        resource: &["--introspection-cache", "10s"],
        bound: Duration::from_secs(1),
    });
}

#[test]
fn introspection_answers_that_are_remembered_for_a_while() {
    none_is_accepted_beyond_the_bound(&Variant {
        model: "opaque",
        both: &[],
        resource: &["--introspection-cache", "1s"],
        bound: Duration::from_secs(1),
    });
}

#[test]
fn sessions_that_are_remembered_for_a_while() {
    none_is_accepted_beyond_the_bound(&Variant {
        model: "session",
        both: &[],
        resource: &["--local-cache", "1s"],
        bound: Duration::from_secs(1),
    });
}

#[test]
fn a_status_list_that_is_fetched_now_and_then() {
    none_is_accepted_beyond_the_bound(&Variant {
        model: "jwt",
        both: &[
            "--revocation",
            "status-list",
            "--status-list-ttl",
            "1s",
            "--push-staleness",
            "1s",
        ],
        resource: &[],
        bound: Duration::from_secs(2),
    });
}

#[test]
fn sessions_that_are_looked_up_each_time() {
    none_is_accepted_beyond_the_bound(&Variant {
        model: "session",
        both: &[],
        resource: &[],
        bound: Duration::ZERO,
    });
}

/// Who fails open goes on accepting, and that is seen.
#[test]
fn a_server_that_breaks_the_bound_is_found() {
    let open = Variant {
        model: "jwt",
        both: &[
            "--revocation",
            "denylist-push",
            "--push-staleness",
            "1s",
            "--push-fail",
            "open",
        ],
        resource: &[],
        bound: Duration::from_secs(1),
    };
    let watch = disturb(&open, Disturbance::CutOff);
    assert!(!watch.accepted_beyond(open.bound).is_empty());
}
