//! Self-contained credentials: each is accepted until its own expiry, whatever is revoked. A target that adds a leeway it does not tell
//! of must be caught.

use super::fault::Fault;
use super::row::{self, Trials};
use super::{Bench, SelftestError, Truth, trials};
use authbench_reports::expiry_law::{ExpiryLaw, NotAsked};
use authbench_reports::number::significant;
use authbench_reports::run_file::{EventRecord, RevocationRecord};
use authbench_reports::selftest::{Row, RowVerdict};
use authbench_reports::statistics::ALPHA;
use std::collections::BTreeMap;
use std::time::Duration;

const SCENARIO: &str = include_str!("expiry.toml");
const TARGET: &str = include_str!("targets/expiry.toml");
const HONEST: &str = "honest-expiry";
const SECRETIVE: &str = "secret-leeway";
const HIDDEN: &str = "500ms";
const HONEST_LEEWAY: &str = "0ms";
const POINT: &str = "instance-1";

/// Measures an honest target and one that is not, at once.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    let honest = if bench.has(Fault::HiddenLeeway) {
        HIDDEN
    } else {
        HONEST_LEEWAY
    };
    let files = [(HONEST, honest), (SECRETIVE, HIDDEN)]
        .map(|(name, leeway)| bench.file(name, TARGET, &[("leeway", leeway)]));
    let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
    let record = trials::revoke(bench, "expiry", SCENARIO, files).await?;
    let (honest, secretive) = (Asked::of(&record, HONEST), Asked::of(&record, SECRETIVE));
    let honest_rows = [honest.own_expiry_row(), honest.uniformity_row()];
    let rows = honest_rows.map(|row| honest.unless_not_asked(row));
    let caught = secretive.unless_not_asked(secretive.caught_row());
    Ok(rows.into_iter().chain([caught]).collect())
}

/// About how long it takes: each slot makes a trial of 3 s, in full five of them.
pub(super) fn takes(bench: &Bench) -> Duration {
    Duration::from_secs(bench.either(6, 20))
}

/// What the law of expiry says of one target.
struct Asked {
    trials: u64,
    law: Result<ExpiryLaw, NotAsked>,
}

impl Asked {
    fn of(record: &RevocationRecord, target: &str) -> Self {
        let law = |event: &EventRecord| {
            let bound_ms = event.bounds_ms.get(POINT).copied().flatten();
            ExpiryLaw::of(&event.trials, POINT, 0.0, bound_ms)
        };
        let event = trials::of(record, target);
        Self {
            trials: event.map_or(0, |event| event.trials.len() as u64),
            law: event.map_or(Err(NotAsked::TooFew), law),
        }
    }

    /// On a machine so busy that most credentials had expired when their revocation was acknowledged, nothing can be said of them: that is
    /// what the instrument says, so it is no error of its.
    fn unless_not_asked(&self, row: Row) -> Row {
        let note = match self.law {
            Ok(_) => return row,
            Err(NotAsked::TooFew) => "too few revocations were acknowledged",
            Err(NotAsked::EndsOtherwise) => {
                "most credentials had expired when their revocation was acknowledged"
            }
        };
        Row {
            verdict: RowVerdict::NotJudged,
            note: Some(note.to_owned()),
            ..row
        }
    }

    fn own_expiry_row(&self) -> Row {
        let right = self.law.map_or(0, |law| law.n - law.off_expiry);
        row::trials(Trials {
            group: Truth::Expiry,
            truth: "a self-contained credential of 2 s is accepted until it expires".to_owned(),
            quantity: "intervals contain it",
            right,
            of: self.trials,
        })
    }

    fn uniformity_row(&self) -> Row {
        let p_value = self.law.map_or(0.0, |law| law.p_value);
        let (verdict, error) = if p_value >= ALPHA {
            (RowVerdict::Pass, "none seen")
        } else {
            (RowVerdict::Fail, "not uniform")
        };
        Row {
            truth: "revoked at a random age, what is left of its life is uniform".to_owned(),
            group: Truth::Expiry.name().to_owned(),
            quantity: "chance of these lags".to_owned(),
            expected: format!("≥ {ALPHA}"),
            measured: significant(p_value),
            error: error.to_owned(),
            tolerance: format!("{ALPHA}"),
            verdict,
            note: None,
            n: self.law.map_or(0, |law| law.n),
            figures: BTreeMap::from([("p_value".to_owned(), p_value)]),
        }
    }

    /// Here the law must not hold.
    fn caught_row(&self) -> Row {
        let off = self.law.map_or(0, |law| law.off_expiry);
        // Most of them, by their own expiry: lags that merely look odd would not name a leeway.
        let caught = 2 * off > self.trials;
        Row {
            truth: "a leeway of 500 ms that the target keeps quiet about".to_owned(),
            group: Truth::Expiry.name().to_owned(),
            quantity: "accepted past exp".to_owned(),
            expected: "caught".to_owned(),
            measured: format!("{off} of {}", self.trials),
            error: if caught { "caught" } else { "missed" }.to_owned(),
            tolerance: "caught".to_owned(),
            verdict: if caught {
                RowVerdict::Pass
            } else {
                RowVerdict::Fail
            },
            note: None,
            n: self.trials,
            figures: BTreeMap::from([("off_expiry".to_owned(), off as f64)]),
        }
    }
}
