//! `authbench explore`: explores, draws and measures, writes the file and the page, prints the report.

mod progress;
mod records;

use crate::cli::explore::{ExploreCommand, ExploreFormat, RefreshArguments};
use crate::interrupt::{self, Interrupted};
use crate::run::manifest;
use anyhow::{Context, Result, bail};
use authbench_reports::interleavings::{
    CastRecord, CurvePoint, HttpPoint, HttpRecord, InterleavingsFile, SCHEMA, html, knee, markdown,
    text, verdicts, write,
};
use authbench_scenarios::load;
use authbench_servers::install_crypto;
use authbench_servers::rotation::interleavings::cast::CASTS;
use authbench_servers::rotation::interleavings::drawn::draw;
use authbench_servers::rotation::interleavings::explore::Exploration;
use authbench_servers::rotation::interleavings::over_http::OverHttp;
use authbench_servers::rotation::interleavings::timing::Timing;
use authbench_servers::store::{StartedStore, StoreKind};
use progress::Progress;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Widest table that is printed, in columns.
const WIDTH: usize = 120;
/// The graces that a server is asked with: its sessions take seconds, not minutes.
const HTTP_GRACES_MS: [u64; 4] = [0, 100, 500, 2_000];

/// Runs the command; its exit code.
pub(crate) fn execute(command: &ExploreCommand) -> Result<u8> {
    match command {
        ExploreCommand::Refresh(arguments) => refresh(arguments),
    }
}

fn refresh(arguments: &RefreshArguments) -> Result<u8> {
    let graces = graces(arguments)?;
    let runtime = load::runtime()?;
    let interrupted = runtime
        .block_on(async { interrupt::watch() })
        .context("watch for ctrl-c")?;
    install_crypto();
    let (started_at, began) = (manifest::now(), Instant::now());
    let progress = Progress::new(arguments.quiet);
    let stopped = || {
        eprintln!("interrupted: nothing was written");
        Ok(interrupt::EXIT_CODE)
    };
    let Some(explored) = explore(arguments, &graces, &progress, &interrupted) else {
        return stopped();
    };
    let timing = Timing::browser();
    let Some(curve) = curve(arguments, &graces, &timing, &progress, &interrupted) else {
        return stopped();
    };
    let over_http = if arguments.over_http {
        let measured = runtime.block_on(over_http(arguments, &progress, interrupted))?;
        let Some(measured) = measured else {
            return stopped();
        };
        Some(measured)
    } else {
        None
    };
    progress.finish();
    let mut file = InterleavingsFile {
        schema: SCHEMA.to_owned(),
        started_at,
        duration_s: began.elapsed().as_secs_f64(),
        authbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        build: manifest::build().to_owned(),
        seed: arguments.seed,
        depth: arguments.depth,
        injected: arguments.inject.map(|defect| defect.to_string()),
        explored,
        timing: records::timing(&timing),
        knee_s: knee(&curve),
        curve,
        over_http,
        verdicts: Vec::new(),
    };
    file.verdicts = verdicts(&file);
    let page = write(&arguments.out, &file)?;
    print!("{}", rendered(&file, arguments.format)?);
    if arguments.format == ExploreFormat::Text && !arguments.quiet {
        eprintln!("\n{}\n{}", arguments.out.display(), page.display());
    }
    Ok(file.exit_code())
}

/// The graces asked for, ascending, each once.
fn graces(arguments: &RefreshArguments) -> Result<Vec<Duration>> {
    if arguments.out.extension().is_some_and(|end| end == "html") {
        bail!(
            "--out {}: name the results, such as interleavings.json; their page is written beside them",
            arguments.out.display()
        );
    }
    let mut graces = arguments.grace.clone();
    graces.sort_unstable();
    graces.dedup();
    Ok(graces)
}

/// Every order, of every cast, with every grace; `None` when interrupted.
fn explore(
    arguments: &RefreshArguments,
    graces: &[Duration],
    progress: &Progress,
    interrupted: &Interrupted,
) -> Option<Vec<CastRecord>> {
    let all = CASTS.len() * graces.len();
    let mut records = Vec::new();
    for cast in CASTS {
        for grace in graces {
            let exploration = Exploration {
                cast,
                grace: *grace,
                depth: arguments.depth,
                merge: true,
                defect: arguments.inject,
            };
            let done = records.len() as f64;
            let what = format!("orders of {}", cast.name);
            let explored = exploration.run(|share| {
                progress.show(&what, (done + share) / all as f64);
                !*interrupted.borrow()
            });
            if *interrupted.borrow() {
                return None;
            }
            records.push(records::cast(&exploration, &explored));
        }
    }
    Some(records)
}

/// What happens how often, by grace; `None` when interrupted.
fn curve(
    arguments: &RefreshArguments,
    graces: &[Duration],
    timing: &Timing,
    progress: &Progress,
    interrupted: &Interrupted,
) -> Option<Vec<CurvePoint>> {
    let (sessions, all) = (arguments.sessions, graces.len() as f64);
    let mut points = Vec::new();
    for grace in graces {
        let before = points.len() as f64;
        let drawn = draw(timing, *grace, arguments.seed, sessions, |done| {
            let share = (before + done as f64 / sessions as f64) / all;
            progress.show("sessions", share);
            !*interrupted.borrow()
        })?;
        points.push(records::point(&drawn));
    }
    Some(points)
}

/// The sessions against a server, one grace after the other; `None` when interrupted.
async fn over_http(
    arguments: &RefreshArguments,
    progress: &Progress,
    mut interrupted: Interrupted,
) -> Result<Option<HttpRecord>> {
    let timing = Timing::laboratory();
    let kinds = [StoreKind::Redis, StoreKind::Valkey, StoreKind::Embedded];
    let mut starting = kinds.into_iter();
    let store = starting.find(|kind| StartedStore::start(*kind).is_ok());
    let store = store.context("start a store")?;
    let (mut points, mut product): (Vec<HttpPoint>, _) = (Vec::new(), String::new());
    for grace_ms in HTTP_GRACES_MS {
        let share = points.len() as f64 / HTTP_GRACES_MS.len() as f64;
        progress.show("sessions over HTTP", share);
        let plan = OverHttp {
            store,
            timing: timing.clone(),
            grace: Duration::from_millis(grace_ms),
            seed: arguments.seed,
            families: arguments.families,
        };
        let measured = tokio::select! {
            measured = plan.measure() => measured.context("ask an authorization server")?,
            _ = interrupted.wait_for(|stop| *stop) => return Ok(None),
        };
        let drawn = draw(&timing, plan.grace, plan.seed, plan.families, |_| true);
        product.clone_from(&measured.store);
        points.extend(drawn.map(|drawn| records::http_point(&measured, &drawn)));
    }
    Ok(Some(HttpRecord {
        store: product,
        timing: records::timing(&timing),
        points,
    }))
}

fn rendered(file: &InterleavingsFile, format: ExploreFormat) -> Result<String> {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Ok(match format {
        ExploreFormat::Text => text(file, WIDTH, colour),
        ExploreFormat::Md => markdown(file),
        ExploreFormat::Json => serde_json::to_string_pretty(file)? + "\n",
        ExploreFormat::Html => html(file),
    })
}
