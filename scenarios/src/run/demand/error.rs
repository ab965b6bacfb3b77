//! Why a scenario may not be run against a target, in words that say what would be right.

/// Why a scenario may not be run against a target.
#[derive(Debug, thiserror::Error)]
pub enum DemandError {
    /// Numbers past the population would wrap around, and one account would serve two credentials: a revocation of one ends both.
    #[error(
        "scenario {scenario}: target {target} has {has} users (users.count), {needed} are needed: {what}; raise users.count, or lower \
         load.credentials_per_target or the number of revocations in a scenario file of your own"
    )]
    TooFewUsers {
        /// The scenario's name.
        scenario: String,
        /// The target's name.
        target: String,
        /// How many it has.
        has: u32,
        /// How many are needed.
        needed: u64,
        /// What for.
        what: String,
    },
    /// The target's limit on logins is below a rate that is asked for.
    #[error(
        "scenario {scenario}: target {target} allows {allows} logins per second (limits.logins_per_s, or the default for other machines), login.rates goes up to {asked}; \
         leave out the rates above the limit"
    )]
    TooManyLogins {
        /// The scenario's name.
        scenario: String,
        /// The target's name, and those of the others on its host.
        target: String,
        /// How many per second they may get together.
        allows: u32,
        /// The highest rate.
        asked: u32,
    },
    /// A token that was handed out at the beginning is over before its account's call may be made.
    #[error(
        "scenario {scenario}: at target {target} a token lives for {lives} s (facts.access_ttl), and would be up to {age} s old when the event happens to its account: {what};          use fewer accounts, or longer-lived tokens (vars.access_ttl), or, if those who run it agree, higher limits"
    )]
    TooSlow {
        /// The scenario's name.
        scenario: String,
        /// The target's name, and those of the others on its host.
        target: String,
        /// How long a token lives, in seconds.
        lives: f64,
        /// How old the oldest would be, in whole seconds.
        age: u64,
        /// Why so old.
        what: String,
    },
    /// What becomes of a target in one would hide what becomes of it in the other.
    #[error(
        "scenarios {one} and {other} are both of kind \"mass\", and a run reports one event for many accounts; run them one after the other"
    )]
    TwoMassEvents {
        /// The first one's name.
        one: String,
        /// The second one's.
        other: String,
    },
    /// The target's limit on requests is below what it would be sent.
    #[error(
        "scenario {scenario}: target {target} allows {allows} requests per second ({origin}) and would be sent up to {sent}: \
         {what}; {remedy}{}", raised(.origin, *.sent)
    )]
    TooManyRequests {
        /// The scenario's name.
        scenario: String,
        /// The target's name, and those of the others on its host.
        target: String,
        /// How many per second they may get together.
        allows: u32,
        /// Where that is said.
        origin: LimitOrigin,
        /// How many per second they would be sent at most, rounded up.
        sent: u64,
        /// What they are made of.
        what: String,
        /// What would be right.
        remedy: String,
    },
}

/// Who set a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitOrigin {
    /// The target file.
    File,
    /// The default for other machines.
    OtherMachine,
}

impl std::fmt::Display for LimitOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File => "limits.requests_per_s",
            Self::OtherMachine => {
                "what a host that is not this machine gets unless its target file says otherwise"
            }
        })
    }
}

/// How a default is raised: by whoever may decide it.
fn raised(origin: &LimitOrigin, sent: u64) -> String {
    match origin {
        LimitOrigin::File => String::new(),
        LimitOrigin::OtherMachine => format!(
            "; or, if those who run it agree, write requests_per_s = {sent} under [limits] in the target file"
        ),
    }
}
