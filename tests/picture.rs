//! `docs/plan.svg`: the plan of the quickstart after somebody broke production, as a terminal shows it. Drawn from what the
//! program prints; `KEYFORM_BLESS=1` draws it anew.

use crate::scenarios::World;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Size of a character, in pixels.
const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 18.0;

/// The style of a text after these codes of a terminal.
fn style(codes: &str) -> String {
    let one = |code: &str| match code {
        "1" => "font-weight:bold",
        "2" => "opacity:.6",
        "31" => "fill:#ff7b72",
        "32" => "fill:#7ee787",
        "33" => "fill:#e3b341",
        "35" => "fill:#d2a8ff",
        "36" => "fill:#79c0ff",
        other => panic!("the picture knows no colour {other}"),
    };
    codes.split(';').map(one).collect::<Vec<_>>().join(";")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn picture(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let columns = lines.iter().map(|line| console::measure_text_width(line)).max().unwrap();
    let size = |cells: usize, cell: f64| (cell * f64::from(u16::try_from(cells).unwrap())).mul_add(1.0, 2.0 * MARGIN);
    let (width, height) = (size(columns, CELL.0), size(lines.len(), CELL.1));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         role=\"img\">\n<title>What `keyform plan` prints</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,monospace\" font-size=\"14\" fill=\"#e6edf3\" xml:space=\"preserve\">\n"
    );
    for (n, line) in lines.iter().enumerate() {
        let y = CELL.1.mul_add(f64::from(u16::try_from(n).unwrap()) + 0.8, MARGIN);
        write!(out, "<text x=\"{MARGIN}\" y=\"{y:.1}\">").unwrap();
        let mut parts = line.split("\x1b[");
        out.push_str(&escaped(parts.next().unwrap()));
        for part in parts {
            let (codes, text) = part.split_once('m').unwrap();
            match codes {
                "0" => out.push_str(&escaped(text)),
                codes => write!(out, "<tspan style=\"{}\">{}</tspan>", style(codes), escaped(text)).unwrap(),
            }
        }
        out.push_str("</text>\n");
    }
    out + "</g>\n</svg>\n"
}

#[test]
fn the_picture_of_a_plan_is_what_comes() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut world = World::of(&home.join("examples/quickstart"));
    assert!(world.shell("keyform apply --auto-approve --quiet").contains("created"));
    world.shell("sed -i s/BAKERY_DATABASE_PASSWORD=.*/BAKERY_DATABASE_PASSWORD=edited-by-hand/ out/prod.env");
    world.shell("sed -i 's/^{/{\"HANDMADE\": \"by hand\",/' out/prod.json");
    world.shell("export FORCE_COLOR=1");
    let plan = world.shell("keyform plan");
    assert!(plan.contains("Hazard wipe"), "{plan}");
    let now = picture(&format!("$ keyform plan\n{plan}"));
    let file = home.join("docs/plan.svg");
    if std::env::var_os("KEYFORM_BLESS").is_some() {
        fs::write(&file, &now).unwrap();
    }
    assert!(fs::read_to_string(&file).unwrap_or_default() == now, "docs/plan.svg is not what `keyform plan` prints");
}
