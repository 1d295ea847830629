"""What the well-known data sets consist of and where they are published.

Sizes and hashes are those that TensorFlow Datasets and (CIFAR-10's Python archive) Keras record.
"""

from gan_losses.data.official import Published, Remote, idx_files, tar_folder

IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CIFAR = "cifar-10-batches-py"
CIFAR_FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")
STL = "stl10_binary"
STL_FILES = ("train_X.bin", "train_y.bin", "unlabeled_X.bin", "test_X.bin", "test_y.bin")
CELEBA_LISTS = (
    "list_eval_partition.txt",
    "list_attr_celeba.txt",
    "identity_CelebA.txt",
    "list_bbox_celeba.txt",
    "list_landmarks_align_celeba.txt",
)

PUBLISHED: dict[str, Published] = {
    "mnist": Published(
        "mnist",
        tuple(f"MNIST/raw/{name}" for name in IDX),
        idx_files(
            "https://storage.googleapis.com/cvdf-datasets/mnist",
            "MNIST/raw",
            {
                IDX[0]: (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                IDX[1]: (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                IDX[2]: (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                IDX[3]: (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            },
        ),
    ),
    "fashion-mnist": Published(
        "fashion-mnist",
        tuple(f"FashionMNIST/raw/{name}" for name in IDX),
        idx_files(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            "FashionMNIST/raw",
            {
                IDX[0]: (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
                IDX[1]: (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
                IDX[2]: (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
                IDX[3]: (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
            },
        ),
    ),
    "cifar10": Published(
        "cifar10",
        tuple(f"{CIFAR}/{name}" for name in CIFAR_FILES),
        (
            Remote(
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                170_498_071,
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                CIFAR,
                tar_folder,
            ),
        ),
    ),
    "svhn": Published(
        "svhn",
        ("train_32x32.mat", "test_32x32.mat"),
        (
            Remote(
                "http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
                182_040_794,
                "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
                "train_32x32.mat",
            ),
            Remote(
                "http://ufldl.stanford.edu/housenumbers/test_32x32.mat",
                64_275_384,
                "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
                "test_32x32.mat",
            ),
        ),
    ),
    "stl10": Published(
        "stl10",
        tuple(f"{STL}/{name}" for name in STL_FILES),
        (
            Remote(
                "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
                2_640_397_119,
                "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
                STL,
                tar_folder,
            ),
        ),
    ),
    "celeba": Published(
        "celeba",
        ("celeba/img_align_celeba", *(f"celeba/{name}" for name in CELEBA_LISTS)),
        source="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",  # Google Drive, which hands out pages, not files
    ),
}
