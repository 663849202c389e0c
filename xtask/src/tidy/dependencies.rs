//! Who may depend on whom, what stays in quarantine, and what no kernel may carry in its tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Breach, KERNELS};

/// What each of our crates may depend on among ours.
const DIRECTION: [(&str, &[&str]); 16] = [
    ("model", &[]),
    ("codec", &[]),
    ("normalise", &["model", "codec"]),
    ("detect", &["model", "codec"]),
    ("access", &["model", "codec"]),
    ("respond", &["model", "codec"]),
    ("estate", &["model", "codec"]),
    ("adapters", &["model", "codec"]),
    ("store", &["model", "codec"]),
    ("lake", &["model", "codec"]),
    (
        "engine",
        &[
            "model",
            "codec",
            "normalise",
            "detect",
            "access",
            "respond",
            "estate",
            "adapters",
            "store",
            "lake",
        ],
    ),
    ("api", &["model", "codec", "engine"]),
    ("sim", &["model", "codec"]),
    ("castellan", &["model", "engine", "api", "sim"]),
    ("acceptance", &["model", "sim", "castellan"]),
    ("xtask", &[]),
];
/// What tests may know beyond that: the simulator proves its folder with the importer that will
/// read it.
const PROOF: [(&str, &str); 1] = [("sim", "estate")];

/// Heavy or talkative parts, and the one crate that may name them.
const QUARANTINE: [(&str, &str); 20] = [
    ("vrl", "normalise"),
    ("rsigma-parser", "detect"),
    ("rsigma-eval", "detect"),
    ("yamlpath", "detect"),
    ("tree-sitter-iter", "detect"),
    ("cedar-policy", "access"),
    ("argon2", "engine"),
    ("totp-rs", "engine"),
    ("webauthn-rs", "engine"),
    ("url", "engine"),
    ("datafusion", "lake"),
    ("parquet", "lake"),
    ("arrow", "lake"),
    ("object_store", "lake"),
    ("rusqlite", "store"),
    ("sqlx", "store"),
    ("reqwest", "adapters"),
    ("lettre", "adapters"),
    ("openidconnect", "adapters"),
    ("rumqttc", "adapters"),
];
/// Black-box proof talks to the product as its neighbours would.
const QUARANTINE_EXEMPT: &str = "acceptance";

/// Crates whose dependency tree holds no runtime, driver or socket.
const PURE_BESIDE_KERNELS: [&str; 3] = ["model", "codec", "sim"];
const WORLDLY: [&str; 21] = [
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "axum",
    "tower-http",
    "sqlx",
    "sqlx-core",
    "rusqlite",
    "libsqlite3-sys",
    "rustls",
    "native-tls",
    "rumqttc",
    "lettre",
    "async-nats",
    "object_store",
    "datafusion",
    "notify",
];
/// The tree of this part is not looked into (an allow-list of its functions is tested instead).
const TREE_EXEMPT: (&str, &str) = ("normalise", "vrl");
/// Randomness arrives as an argument.
const CHANCE: [&str; 4] = ["rand", "getrandom", "fastrand", "uuid"];

/// Checks the workspace's manifests and resolved graph.
pub fn check(root: &Path, breaches: &mut Vec<Breach>) -> Result<()> {
    let graph = Graph::read(&metadata(root)?)?;
    graph.check(breaches);
    check_listed(root, breaches)
}

fn metadata(root: &Path) -> Result<Value> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program)
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(root)
        .output()
        .context("could not start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")
}

/// Every workspace dependency stands in docs/dependencies.md, so that somebody had to say why.
fn check_listed(root: &Path, breaches: &mut Vec<Breach>) -> Result<()> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let listed = fs::read_to_string(root.join("docs/dependencies.md")).unwrap_or_default();
    breaches.extend(unlisted(&manifest, &listed)?);
    Ok(())
}

fn unlisted(manifest: &str, listed: &str) -> Result<Vec<Breach>> {
    let parsed: toml::Table = manifest.parse().context("the root Cargo.toml is no TOML")?;
    let workspace = parsed.get("workspace").and_then(toml::Value::as_table);
    let declared = workspace
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table)
        .context("the root Cargo.toml has no [workspace.dependencies]")?;
    let theirs = declared.iter().filter(|(_, what)| what.get("path").is_none());
    let missing = theirs.filter(|(name, _)| !listed.contains(&format!("`{name}`")));
    let breach = |name: &String| {
        let begins = |line: &str| {
            line.strip_prefix(name.as_str()).is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        let line = manifest.lines().position(begins).map_or(1, |index| index + 1);
        let message =
            format!("`{name}` is not in docs/dependencies.md: which problem does it solve?");
        Breach::new("Cargo.toml", line, "listed", message)
    };
    Ok(missing.map(|(name, _)| breach(name)).collect())
}

/// One resolved package.
struct Package {
    name: String,
    /// Relative manifest of a workspace member; `None` for others.
    manifest: Option<String>,
    /// Edges: package id, and whether it is more than a development dependency.
    needs: Vec<(String, bool)>,
}

struct Graph {
    packages: BTreeMap<String, Package>,
}

impl Graph {
    fn read(metadata: &Value) -> Result<Self> {
        let text = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let list = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let root = format!("{}/", text(metadata, "workspace_root"));
        let members: BTreeSet<String> = list(metadata, "workspace_members")
            .iter()
            .filter_map(|member| member.as_str().map(str::to_owned))
            .collect();
        let mut packages = BTreeMap::new();
        for package in list(metadata, "packages") {
            let id = text(&package, "id");
            let manifest = text(&package, "manifest_path").replace(&root, "");
            let manifest = members.contains(&id).then_some(manifest);
            packages.insert(id, Package { name: text(&package, "name"), manifest, needs: vec![] });
        }
        let resolve = metadata.get("resolve").context("cargo metadata resolved nothing")?;
        for node in list(resolve, "nodes") {
            let Some(package) = packages.get_mut(&text(&node, "id")) else {
                continue;
            };
            for need in list(&node, "deps") {
                let kinds = list(&need, "dep_kinds");
                let lasting = kinds.iter().any(|kind| text(kind, "kind") != "dev");
                package.needs.push((text(&need, "pkg"), lasting));
            }
        }
        Ok(Self { packages })
    }

    fn check(&self, breaches: &mut Vec<Breach>) {
        for package in self.packages.values() {
            let Some(manifest) = &package.manifest else {
                continue;
            };
            let mut say = |rule, message| {
                breaches.push(Breach::new(manifest, 1, rule, message));
            };
            let Some((_, allowed)) = DIRECTION.iter().find(|(name, _)| *name == package.name)
            else {
                let message = format!("`{}` has no place in the order of crates", package.name);
                say("direction", message);
                continue;
            };
            for (need, lasting) in &package.needs {
                let Some(need) = self.packages.get(need) else {
                    continue;
                };
                self.check_need(package, allowed, (need, *lasting), &mut say);
            }
            let pure = KERNELS.contains(&package.name.as_str())
                || PURE_BESIDE_KERNELS.contains(&package.name.as_str());
            if pure {
                self.check_tree(package, &mut say);
            }
        }
    }

    fn check_need(
        &self,
        package: &Package,
        allowed: &[&str],
        (need, lasting): (&Package, bool),
        say: &mut impl FnMut(&'static str, String),
    ) {
        let (from, to) = (&package.name, &need.name);
        let proof = !lasting && PROOF.contains(&(from.as_str(), to.as_str()));
        if need.manifest.is_some() && !allowed.contains(&to.as_str()) && !proof {
            say("direction", format!("`{from}` must not know `{to}`"));
        }
        let keeper = QUARANTINE.iter().find(|(part, _)| part == to).map(|(_, keeper)| keeper);
        if keeper.is_some_and(|keeper| keeper != from) && from != QUARANTINE_EXEMPT {
            let keeper = keeper.copied().unwrap_or_default();
            say("quarantine", format!("`{from}` names `{to}`, which only `{keeper}` may"));
        }
        let pure = KERNELS.contains(&from.as_str()) || PURE_BESIDE_KERNELS.contains(&from.as_str());
        if pure && lasting && CHANCE.contains(&to.as_str()) {
            say("purity", format!("`{from}` draws random numbers through `{to}`"));
        }
    }

    /// Walks everything that ships with `package`; reports each worldly part with the way to it.
    fn check_tree(&self, package: &Package, say: &mut impl FnMut(&'static str, String)) {
        let mut seen = BTreeSet::new();
        let mut ways: Vec<(&Package, Vec<&str>)> = vec![(package, vec![&package.name])];
        while let Some((at, way)) = ways.pop() {
            if WORLDLY.contains(&at.name.as_str()) {
                say("purity", format!("`{}` stands in the tree: {}", at.name, way.join(" > ")));
                continue;
            }
            for (need, lasting) in &at.needs {
                let Some(next) = self.packages.get(need) else {
                    continue;
                };
                let exempt = (package.name.as_str(), next.name.as_str()) == TREE_EXEMPT;
                if *lasting && !exempt && seen.insert(need) {
                    let mut way = way.clone();
                    way.push(&next.name);
                    ways.push((next, way));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use serde_json::json;

    use super::*;

    /// `from>to` edges; `from~to` is a development edge; names in `DIRECTION` are members.
    fn rules(edges: &[&str]) -> Vec<(&'static str, String)> {
        let mut names = BTreeSet::new();
        let mut nodes: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for edge in edges {
            let kind = if edge.contains('~') { json!("dev") } else { Value::Null };
            let (from, to) = edge.split_once(['>', '~']).unwrap();
            names.extend([from, to]);
            let need = json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] });
            nodes.entry(from).or_default().push(need);
        }
        let ours = |name: &&&str| DIRECTION.iter().any(|(own, _)| *own == **name);
        let package = |name: &&str| json!({ "id": name, "name": name, "manifest_path": format!("/r/{name}/Cargo.toml") });
        let node = |(id, deps): (&&str, &Vec<Value>)| json!({ "id": id, "deps": deps });
        let metadata = json!({
            "workspace_root": "/r",
            "workspace_members": names.iter().filter(ours).collect::<Vec<_>>(),
            "packages": names.iter().map(package).collect::<Vec<_>>(),
            "resolve": { "nodes": nodes.iter().map(node).collect::<Vec<_>>() },
        });
        let mut breaches = Vec::new();
        Graph::read(&metadata).unwrap().check(&mut breaches);
        breaches.into_iter().map(|breach| (breach.rule, breach.file)).collect()
    }

    #[test]
    fn the_drawn_directions_hold() {
        let good = ["detect>model", "engine>detect", "engine>store", "api>engine", "castellan>api"];
        assert_eq!(rules(&good), []);
        let bad = ["detect>normalise", "codec>model", "store>detect", "api>adapters", "sim>engine"];
        for edge in bad {
            let from = edge.split('>').next().unwrap();
            assert_eq!(rules(&[edge]), [("direction", format!("{from}/Cargo.toml"))], "{edge}");
        }
    }

    #[test]
    fn heavy_parts_stay_where_they_are() {
        assert_eq!(rules(&["normalise>vrl", "acceptance~reqwest", "store>rusqlite"]), []);
        assert_eq!(rules(&["castellan>rusqlite"]).len(), 1);
        assert_eq!(rules(&["engine>parquet"]).len(), 1);
    }

    #[test]
    fn kernels_carry_no_runtime_however_deep() {
        let deep = ["detect>a", "a>b", "b>tokio"];
        assert_eq!(rules(&deep), [("purity", "detect/Cargo.toml".to_owned())]);
        assert_eq!(rules(&["detect>a", "a~tokio"]), []);
        assert_eq!(rules(&["detect~tokio"]), []);
        assert_eq!(rules(&["normalise>vrl", "vrl>tokio"]), []);
        assert_eq!(rules(&["respond>getrandom"]).len(), 1);
    }

    #[test]
    fn every_part_has_its_reason_written_down() {
        let manifest =
            "[workspace.dependencies]\nmodel = { path = \"m\" }\nserde = \"1\"\ncsv = \"1\"\n";
        let breaches = unlisted(manifest, "| `serde` | words |").unwrap();
        let lines: Vec<usize> = breaches.iter().map(|breach| breach.line).collect();
        assert_eq!(lines, [4]);
    }
}
