//! What a row says, beyond its figures.

use super::{NotProjected, RevocationSummary, only_takes_rights};

/// The fact that bounds name where they depend on the lifetime.
const LIFETIME_FACT: &str = "access_ttl";

impl RevocationSummary {
    /// Whether the event is meant to end what this point accepts. One that only takes rights away leaves alone the points where no target
    /// promises anything after it: who may no longer write may still read.
    #[must_use]
    pub fn is_meant(&self) -> bool {
        self.bound_ms.is_some() || self.stale.is_some() || !only_takes_rights(&self.event)
    }

    /// Whether the bound, if there is one, was watched for as long as it lasts: in every sample that it takes to say so.
    #[must_use]
    pub fn bound_was_observed(&self) -> bool {
        self.sampled() > 0 && (self.breaches > 0 || self.not_observed == 0)
    }

    /// Whether anything went wrong: somebody was still in when observation ended, or later than promised, or again; somebody was put out who
    /// should not have been; a refresh worked that should not have.
    #[must_use]
    pub fn shows_failure(&self) -> bool {
        let put_out = self
            .collateral
            .is_some_and(|collateral| collateral.put_out > 0);
        let refreshed =
            self.refresh_ends() && self.refresh_after.is_some_and(|after| after.worked > 0);
        let stayed = self.is_meant() && self.censored > 0;
        stayed || self.breaches > 0 || self.flaps > 0 || put_out || refreshed
    }

    /// Revocations that are samples.
    #[must_use]
    pub fn sampled(&self) -> u64 {
        self.n - self.unknown
    }

    /// The access lifetime in seconds under which these lags were watched, where it is not the one that cost was measured with: no such
    /// lag may stand without it. `None` also where there is no lag.
    #[must_use]
    pub fn laboratory_ttl_s(&self) -> Option<f64> {
        let elsewhere = self.projected.is_some() || self.not_projected.is_some();
        self.settings.seconds("access_ttl").filter(|_| elsewhere)
    }

    /// Whether a lag watched at the laboratory's lifetime is that of any other, too: something else than expiry ends acceptance, and what the
    /// target promises about it does not mention the lifetime.
    #[must_use]
    pub fn carries_over(&self) -> bool {
        let mentions = |bound: &String| bound.contains(LIFETIME_FACT);
        self.not_projected == Some(NotProjected::EndsOtherwise)
            && self.bound_ms.is_some()
            && self.bound.as_ref().is_some_and(|bound| !mentions(bound))
    }

    /// The longest lag in milliseconds (upper end) at the lifetime that cost was measured with: 0 where nobody was accepted, infinite where
    /// observation ended first.
    ///
    /// # Errors
    /// Why it is not known, where it was watched at another lifetime.
    pub fn longest_ms(&self) -> Result<f64, NotProjected> {
        if let Some(projected) = self.projected {
            return Ok(projected.max_ms);
        }
        let watched = match self.lag_ms {
            _ if self.censored > 0 => f64::INFINITY,
            Some(lag) => lag.max.unwrap_or(f64::INFINITY),
            None => 0.0,
        };
        match self.not_projected {
            None => Ok(watched),
            Some(_) if self.carries_over() => Ok(watched.max(self.hidden_by_expiry_ms(watched))),
            Some(reason) => Err(reason),
        }
    }

    /// A lag of half the laboratory's lifetime or more may have been cut off by expiry: then the bound is what is known of it.
    fn hidden_by_expiry_ms(&self, watched_ms: f64) -> f64 {
        let ttl_ms = self.settings.seconds("access_ttl").unwrap_or(0.0) * 1e3;
        match self.bound_ms {
            Some(bound_ms) if watched_ms * 2.0 >= ttl_ms => bound_ms,
            _ => 0.0,
        }
    }

    /// Whether the target promises that the event ends refreshing too.
    #[must_use]
    pub fn refresh_ends(&self) -> bool {
        self.refresh_promised.as_deref() == Some("refused")
    }

    /// Whether at least half of the samples were never accepted after the acknowledgement: then that is the typical case.
    #[must_use]
    pub fn typically_immediate(&self) -> bool {
        self.sampled() > 0 && self.never_accepted_after_ack * 2 >= self.sampled()
    }
}
