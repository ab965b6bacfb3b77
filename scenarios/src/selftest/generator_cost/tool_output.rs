//! Reads what other load generators print about the requests they made.

/// What a tool counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Answered with a 2xx.
    pub(super) requests: u64,
    /// Everything else, but what was in flight when the time was up.
    pub(super) errors: u64,
}

/// The first line of a tool's version, without its copyright.
pub(super) fn version(line: &str) -> String {
    let line = line.split("Copyright").next().unwrap_or(line);
    line.trim().to_owned()
}

/// wrk's text: `N requests in …`, and lines about errors where there were any.
pub(super) fn wrk(output: &str) -> Result<Counts, &'static str> {
    let all = output.lines().find_map(|line| {
        let (number, _) = line.split_once(" requests in ")?;
        number.trim().parse::<u64>().ok()
    });
    let all = all.ok_or("number of requests")?;
    let other = number_after(output, "Non-2xx or 3xx responses:");
    let broken: u64 = ["connect ", "read ", "write ", "timeout "]
        .iter()
        .map(|kind| socket_errors(output, kind))
        .sum();
    Ok(Counts {
        requests: all.saturating_sub(other),
        errors: other + broken,
    })
}

fn socket_errors(output: &str, kind: &str) -> u64 {
    let line = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("Socket errors: "));
    line.map_or(0, |line| number_after(line, kind))
}

fn number_after(text: &str, label: &str) -> u64 {
    let rest = text.split_once(label).map_or("", |(_, rest)| rest.trim());
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// oha's JSON: answers by status, failures by message. What the end of its time cut off is a failure to oha and none to us: the other
/// generators do not count it at all.
pub(super) fn oha(output: &str) -> Result<Counts, &'static str> {
    let json: serde_json::Value = serde_json::from_str(output).map_err(|_| "JSON")?;
    let answered = json["statusCodeDistribution"]
        .as_object()
        .ok_or("statusCodeDistribution")?;
    let failed = json["errorDistribution"]
        .as_object()
        .ok_or("errorDistribution")?;
    let mut counts = Counts::default();
    for (status, count) in answered {
        let count = count.as_u64().unwrap_or(0);
        if status.starts_with('2') {
            counts.requests += count;
        } else {
            counts.errors += count;
        }
    }
    let cut_off = |reason: &str| reason.contains("deadline");
    counts.errors += failed
        .iter()
        .filter(|(reason, _)| !cut_off(reason))
        .filter_map(|(_, count)| count.as_u64())
        .sum::<u64>();
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrk_counts_answers_and_errors() {
        let fine = "Running 2s test @ http://127.0.0.1:1/\n  427340 requests in 2.00s, 60.00MB read\nRequests/sec: 213000.12\n";
        let expected = Counts {
            requests: 427_340,
            errors: 0,
        };
        assert_eq!(wrk(fine), Ok(expected));
        let bad = "  100 requests in 2.00s, 1.00MB read\n  Socket errors: connect 1, read 20, write 3, timeout 4\n  Non-2xx or 3xx responses: 30\n";
        let expected = Counts {
            requests: 70,
            errors: 58,
        };
        assert_eq!(wrk(bad), Ok(expected));
        assert_eq!(
            wrk("unable to connect to 127.0.0.1:1"),
            Err("number of requests")
        );
    }

    #[test]
    fn oha_counts_answers_and_errors_but_not_what_its_deadline_cut_off() {
        let output = r#"{"statusCodeDistribution": {"200": 1000, "503": 7},
            "errorDistribution": {"aborted due to deadline": 64, "connection refused": 2}}"#;
        let expected = Counts {
            requests: 1000,
            errors: 9,
        };
        assert_eq!(oha(output), Ok(expected));
        assert_eq!(oha("{}"), Err("statusCodeDistribution"));
    }

    #[test]
    fn a_version_goes_without_its_copyright() {
        let line = "wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer";
        assert_eq!(version(line), "wrk debian/4.1.0-3+b2 [epoll]");
    }
}
