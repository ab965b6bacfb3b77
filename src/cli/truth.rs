//! Options of `authbench serve truth`.

use super::Wired;
use authbench_scenarios::target::duration::parse as parse_duration;
use authbench_servers::truth::{
    AfterRevocation, CredentialEnd, Delay, Expiry, ExpiryError, Stall, TruthSettings,
};
use clap::Args;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

const ALLOWED: &str = "a whole number and a unit: us, ms, s, m, h or d, such as 50us or 5ms";

const EXAMPLE: &str = "Examples:
  authbench serve truth --delay 5ms
  authbench serve truth --listen 127.0.0.1:8080 --stall 1s,10s
  authbench serve truth --instances 3 --revocation-lag 50ms --lagging-instance 3
POST /truth/reset begins anew, load goes to GET /, and GET /truth tells what really happened";

/// Options of `authbench serve truth`. Durations are whole numbers with a unit: us, ms, s, m, h or d.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct TruthArguments {
    /// Where addresses and secrets come from
    #[command(flatten)]
    pub(crate) wired: Wired,

    /// Where to listen; port 0 is any free one, otherwise each further instance has the next port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// So many listeners in one process, url_1, url_2, … in the ready line: enforcement points of one target
    #[arg(long, value_name = "N", default_value = "1")]
    instances: NonZeroUsize,

    /// Answer everything with 200 and do nothing else, not even count: to see what a request costs the client
    #[arg(long, conflicts_with_all = ["held", "stall", "spin", "store_round_trips", "after", "block_revocation", "credential_life"])]
    bare: bool,

    /// Hold each answer to GET / for this long
    #[arg(long, value_name = "DURATION", value_parser = fixed, group = "held")]
    delay: Option<Delay>,

    /// Hold them for FAST, or for SLOW with probability SHARE (0 to 1), e.g. 1ms,20ms,0.1
    #[arg(long, value_name = "FAST,SLOW,SHARE", value_parser = bimodal, group = "held")]
    bimodal: Option<Delay>,

    /// Hold them for log-normal times, e.g. 2ms,1.0; none longer than 60 s
    #[arg(long, value_name = "MEDIAN,SIGMA", value_parser = log_normal, group = "held")]
    lognormal: Option<Delay>,

    /// Seed of the delays: the n-th GET / since start or reset gets the n-th draw
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Let no answer leave for the first FREEZE of each PERIOD, the first one 4 s after start or reset, e.g. 1s,10s; all
    /// leave at the end of the freeze
    #[arg(long, value_name = "FREEZE,PERIOD", value_parser = stall)]
    stall: Option<Stall>,

    /// CPU time burnt for each GET /, e.g. 5us
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0us")]
    spin: Duration,

    /// Commands sent to the store for each GET /, one after the other; the store is store_url of the wiring
    #[arg(long, value_name = "N", default_value_t = 0)]
    store_round_trips: u32,

    /// Go on accepting a revoked credential for this long after the acknowledgement left
    #[arg(long, value_name = "DURATION", value_parser = duration, group = "after")]
    revocation_lag: Option<Duration>,

    /// Go on accepting it for ever
    #[arg(long, group = "after")]
    never_revoked: bool,

    /// Refuse it at once, accept it again between two moments after the acknowledgement, e.g. 100ms,300ms
    #[arg(long, value_name = "FROM,TO", value_parser = span, group = "after")]
    flap: Option<Span>,

    /// Answer 503 between two moments after the acknowledgement, e.g. 0ms,400ms, and refuse it afterwards
    #[arg(long, value_name = "FROM,TO", value_parser = span, group = "after")]
    outage: Option<Span>,

    /// Only this instance, from 1, has the lag; the others refuse at once
    #[arg(long, value_name = "N", requires = "revocation_lag")]
    lagging_instance: Option<NonZeroUsize>,

    /// Withhold the answer to a revoking call for this long; the credential ends when the answer leaves
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0ms")]
    block_revocation: Duration,

    /// Issue self-contained credentials (JWTs) of this life, at least 1s: accepted until they expire, whatever is revoked
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "after")]
    credential_life: Option<Duration>,

    /// Accept them for this much longer than their exp says
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "credential_life")]
    leeway: Option<Duration>,
}

/// Two moments after an acknowledgement, the first before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Duration,
    to: Duration,
}

impl TruthArguments {
    /// What the server is to do.
    ///
    /// # Errors
    /// When the life of credentials cannot be told in a token.
    pub(crate) fn settings(self) -> Result<TruthSettings, ExpiryError> {
        Ok(TruthSettings {
            listen: self.listen,
            instances: self.instances,
            bare: self.bare,
            credential_end: self.credential_end()?,
            delay: self.delay.or(self.bimodal).or(self.lognormal),
            seed: self.seed,
            stall: self.stall,
            spin: self.spin,
            store_round_trips: self.store_round_trips,
            block_revocation: self.block_revocation,
        })
    }

    fn credential_end(&self) -> Result<CredentialEnd, ExpiryError> {
        if let Some(life) = self.credential_life {
            let leeway = self.leeway.unwrap_or_default();
            return Expiry::new(life, leeway).map(CredentialEnd::Expiry);
        }
        let flap = |Span { from, to }| AfterRevocation::Flap { from, to };
        let outage = |Span { from, to }| AfterRevocation::Outage { from, to };
        let never = self.never_revoked.then_some(AfterRevocation::NeverRefused);
        let after = never
            .or(self.flap.map(flap))
            .or(self.outage.map(outage))
            .unwrap_or(AfterRevocation::Lag(
                self.revocation_lag.unwrap_or_default(),
            ));
        Ok(CredentialEnd::Revocation {
            after,
            only_instance: self.lagging_instance,
        })
    }
}

/// Like the durations of target files, and microseconds: what a request costs is a matter of those.
fn duration(text: &str) -> Result<Duration, String> {
    let micros = text.strip_suffix("us").filter(|number| is_whole(number));
    micros
        .and_then(|number| number.parse().ok())
        .map(Duration::from_micros)
        .or_else(|| parse_duration(text))
        .ok_or_else(|| format!("{text:?} is not a duration: expected {ALLOWED}"))
}

fn is_whole(number: &str) -> bool {
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn fixed(text: &str) -> Result<Delay, String> {
    Delay::fixed(duration(text)?).map_err(told)
}

fn bimodal(text: &str) -> Result<Delay, String> {
    let [fast, slow, share] = parts(text, ["fast delay", "slow delay", "share of slow answers"])?;
    let share = number(share, "share of slow answers")?;
    Delay::bimodal(duration(fast)?, duration(slow)?, share).map_err(told)
}

fn log_normal(text: &str) -> Result<Delay, String> {
    let [median, sigma] = parts(text, ["median", "sigma"])?;
    Delay::log_normal(duration(median)?, number(sigma, "sigma")?).map_err(told)
}

fn stall(text: &str) -> Result<Stall, String> {
    let [freeze, period] = parts(text, ["length of a freeze", "period"])?;
    Stall::new(duration(freeze)?, duration(period)?).map_err(told)
}

fn span(text: &str) -> Result<Span, String> {
    let [from, to] = parts(text, ["beginning", "end"])?;
    let (from, to) = (duration(from)?, duration(to)?);
    if from < to {
        Ok(Span { from, to })
    } else {
        Err("the beginning lies before the end".to_owned())
    }
}

/// Exactly as many parts as there are names, between commas.
fn parts<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Result<[&'a str; N], String> {
    let parts: Vec<&str> = text.split(',').collect();
    parts.try_into().map_err(|parts: Vec<&str>| {
        let order = names.join(", ");
        match names.get(parts.len()) {
            Some(missing) => {
                format!("the {missing} is missing: expected {order}, with commas between")
            }
            None => format!("{} parts are too many: expected {order}", parts.len()),
        }
    })
}

fn number(text: &str, name: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a number: expected the {name}, such as 0.1"))
}

fn told(error: impl std::error::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command, ServeCommand};
    use clap::Parser;
    use clap::error::ErrorKind;

    fn parse(options: &[&str]) -> Result<TruthSettings, clap::Error> {
        let words = ["authbench", "serve", "truth"].iter().chain(options);
        match Cli::try_parse_from(words)?.command {
            Command::Serve(ServeCommand::Truth(truth)) => Ok(truth.settings().expect("a life")),
            other => panic!("{other:?}"),
        }
    }

    fn refusal(options: &[&str]) -> String {
        parse(options).expect_err("refused").to_string()
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (options, message) in [
            (
                ["--bimodal", "1ms,20ms"],
                "the share of slow answers is missing",
            ),
            (["--bimodal", "1ms,20ms,0.1,3"], "4 parts are too many"),
            (["--bimodal", "1ms,20ms,lots"], "\"lots\" is not a number"),
            (["--bimodal", "1ms,20ms,2"], "between 0 and 1"),
            (["--lognormal", "2ms"], "the sigma is missing"),
            (
                ["--delay", "5"],
                "\"5\" is not a duration: expected a whole number and a unit",
            ),
            (["--delay", "+5us"], "is not a duration"),
            (["--stall", "1s"], "the period is missing"),
            (["--stall", "10s,1s"], "shorter than its period"),
            (
                ["--flap", "300ms,100ms"],
                "the beginning lies before the end",
            ),
        ] {
            let told = refusal(&options);
            assert!(told.contains(message), "{options:?}: {told}");
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        for options in [
            ["--delay", "5ms", "--lognormal", "2ms,1.0"],
            ["--revocation-lag", "5ms", "--flap", "1ms,2ms"],
            ["--credential-life", "2s", "--outage", "1ms,2ms"],
        ] {
            let error = parse(&options).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{options:?}");
        }
        let bare = parse(&["--bare", "--spin", "5us"]).expect_err("refused");
        assert_eq!(bare.kind(), ErrorKind::ArgumentConflict);
        for options in [["--leeway", "1s"], ["--lagging-instance", "2"]] {
            let error = parse(&options).expect_err("refused");
            let kind = error.kind();
            assert_eq!(kind, ErrorKind::MissingRequiredArgument, "{options:?}");
        }
    }

    #[test]
    fn options_become_settings() {
        let ends = |options: &[&str]| parse(options).expect("settings").credential_end;
        let revocation = |after, only: Option<usize>| CredentialEnd::Revocation {
            after,
            only_instance: only.and_then(NonZeroUsize::new),
        };
        let ms = Duration::from_millis;
        assert_eq!(ends(&[]), revocation(AfterRevocation::Lag(ms(0)), None));
        assert_eq!(
            ends(&["--revocation-lag", "3ms", "--lagging-instance", "3"]),
            revocation(AfterRevocation::Lag(ms(3)), Some(3))
        );
        assert_eq!(
            ends(&["--outage", "0ms,400ms"]),
            revocation(
                AfterRevocation::Outage {
                    from: ms(0),
                    to: ms(400)
                },
                None
            )
        );
        let expiry = Expiry::new(ms(2_000), ms(500)).expect("a life");
        assert_eq!(
            ends(&["--credential-life", "2s", "--leeway", "500ms"]),
            CredentialEnd::Expiry(expiry)
        );
        let spin = parse(&["--spin", "5us"]).expect("settings").spin;
        assert_eq!(spin, Duration::from_micros(5));
    }
}
