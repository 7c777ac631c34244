"""The wheel: built, installed in a new environment, and running the main job from there."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def run(*argv, cwd=None):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, CHECKOUT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A new environment with the wheel in it; its dependencies are those of the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check", wheel)
    own = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    packages = [path for path in sys.path if Path(path).name == "site-packages"]
    (own / "dependencies.pth").write_text("\n".join(packages) + "\n")
    return folder


@pytest.mark.xdist_group("wheel")
def test_the_wheel_holds_both_packages_and_the_templates(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "instar/cli/app.py",
        "instar_lint/flake8_plugin.py",
        "instar/templates/demo/first/app/models.py",
        "instar/templates/demo/convex/first/convex/schema.ts",
        "instar/templates/demo/convex/run/convex/deployment.test.ts",
    } <= names
    assert {"instar/py.typed", "instar_lint/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


@pytest.mark.xdist_group("wheel")
def test_the_demo_runs_from_the_installed_wheel(installed, tmp_path):
    where = run(installed / "bin" / "python", "-c", "import instar; print(instar.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed)
    story = run(installed / "bin" / "instar", "demo", "--keep", tmp_path / "kept", cwd=tmp_path)
    assert "0 differ" in story


@pytest.mark.xdist_group("wheel")
def test_the_convex_demo_runs_from_the_installed_wheel(installed, tmp_path):
    story = run(installed / "bin" / "instar", "demo", "convex", cwd=tmp_path)
    assert "No migration is in flight." in story
    assert list(tmp_path.iterdir()) == []
