//! What belongs to login storms: `[login]`.

use super::Checker;
use crate::scenario_file::raw::RawLogin;
use crate::target::FileError;
use toml::Spanned;

impl Checker<'_> {
    /// The rates, at least one, each once.
    pub(super) fn login_rates(&self, raw: &Spanned<RawLogin>) -> Result<Vec<u32>, FileError> {
        let listed = &raw.get_ref().rates;
        let mut rates = Vec::new();
        for rate in listed.get_ref() {
            let checked = self.whole(rate, "login.rates")?;
            if rates.contains(&checked) {
                let problem = format!("{checked} stands there twice");
                return Err(self.error(rate, "login.rates", problem, "rates used once"));
            }
            rates.push(checked);
        }
        if rates.is_empty() {
            return Err(self.error(listed, "login.rates", "is empty", "at least one rate"));
        }
        Ok(rates)
    }
}
